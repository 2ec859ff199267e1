// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What a shared object says of itself, read from its file.
///
/// The loader looks here before dlopen, because opening runs the file's constructors, and a module of another
/// SIP server cannot even be opened: it wants symbols that only that server has. nil: it is none.
struct ELFImage {
    /// Functions and data that others may link to.
    private(set) var exports: [String] = []
    /// The libraries it asks for, as "libpq.so.5".
    private(set) var libraries: [String] = []

    /// Why it cannot be opened here, if that is plain to see: opening a file that is not whole ends the
    /// process.
    private(set) var flaw: Flaw?

    enum Flaw { case otherMachine, notShared, cutShort }

    init?(path: String) {
        guard let bytes = Self.read(path), bytes.count >= 64, bytes[0..<4] == [0x7f, 0x45, 0x4c, 0x46] else {
            return nil
        }
        let file = Reader(bytes: bytes)
        // 64 bits, little-endian.
        guard bytes[4] == 2, bytes[5] == 1, file.half(at: 18) == Self.machine else {
            flaw = .otherMachine
            return
        }
        guard file.half(at: 16) == 3 else {  // ET_DYN
            flaw = .notShared
            return
        }
        // Without sections it says nothing of itself; whoever opens it will see.
        guard file.half(at: 60) != 0 else { return nil }
        guard Self.isWhole(file), let table = file.place(at: 40), let width = file.half(at: 58),
            let count = file.half(at: 60), width >= 64
        else {
            flaw = .cutShort
            return
        }
        for index in 0..<Int(count) {
            let section = table + index * Int(width)
            guard let type = file.long(at: section + 4), type == 11 || type == 6,
                let start = file.place(at: section + 24), let size = file.word(at: section + 32),
                let link = file.long(at: section + 40),
                let names = file.place(at: table + Int(link) * Int(width) + 24)
            else { continue }
            let range = start..<(start + min(Int(clamping: size), bytes.count))
            if type == 11 {
                readSymbols(file, range, names: names)  // SHT_DYNSYM
            } else {
                readDynamic(file, range, names: names)  // SHT_DYNAMIC
            }
        }
    }

    private static let machine: UInt16 = {
        #if arch(arm64)
            183
        #else
            62
        #endif
    }()

    /// Whether everything that is going to be mapped is there, and the table of sections, which comes last.
    private static func isWhole(_ file: Reader) -> Bool {
        guard let table = file.place(at: 32), let width = file.half(at: 54), let count = file.half(at: 56),
            let sections = file.place(at: 40), let sectionWidth = file.half(at: 58),
            let number = file.half(at: 60),
            sections + Int(sectionWidth) * Int(number) <= file.bytes.count
        else { return false }
        return (0..<Int(count)).allSatisfy { index in
            let segment = table + index * Int(width)
            guard let type = file.long(at: segment), let start = file.place(at: segment + 8),
                let size = file.word(at: segment + 32)
            else { return false }
            return type != 1 || size <= UInt64(file.bytes.count - start)  // PT_LOAD
        }
    }

    private mutating func readSymbols(_ file: Reader, _ range: Range<Int>, names: Int) {
        for at in stride(from: range.lowerBound, to: range.upperBound, by: 24) {
            guard let name = file.long(at: at), let info = file.byte(at: at + 4),
                let section = file.half(at: at + 6)
            else { return }
            // Global or weak, and defined here.
            guard info >> 4 == 1 || info >> 4 == 2, section != 0,
                let text = file.text(at: names + Int(name)), !text.isEmpty
            else { continue }
            exports.append(text)
        }
    }

    private mutating func readDynamic(_ file: Reader, _ range: Range<Int>, names: Int) {
        for at in stride(from: range.lowerBound, to: range.upperBound, by: 16) {
            guard let tag = file.word(at: at), let value = file.word(at: at + 8), tag != 0 else { return }
            if tag == 1, value <= file.bytes.count, let name = file.text(at: names + Int(value)) {  // DT_NEEDED
                libraries.append(name)
            }
        }
    }

    private static func read(_ path: String) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size < 1 << 30
        else { return nil }
        let size = Int(status.st_size)
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = pread(file, buffer.baseAddress! + count, size - count, count)
                if got <= 0 { break }
                count += got
            }
        }
        return bytes.count == size ? bytes : nil
    }

    private struct Reader {
        let bytes: [UInt8]

        func byte(at index: Int) -> UInt8? { bytes.indices.contains(index) ? bytes[index] : nil }
        func half(at index: Int) -> UInt16? {
            number(at: index, bytes: 2).map(UInt16.init(truncatingIfNeeded:))
        }
        func long(at index: Int) -> UInt32? {
            number(at: index, bytes: 4).map(UInt32.init(truncatingIfNeeded:))
        }
        func word(at index: Int) -> UInt64? { number(at: index, bytes: 8) }

        /// A word that is a place in the file; nil when it lies behind its end.
        func place(at index: Int) -> Int? {
            word(at: index).flatMap { $0 <= UInt64(bytes.count) ? Int($0) : nil }
        }

        func text(at index: Int) -> String? {
            guard index >= 0, index < bytes.count, let end = bytes[index...].firstIndex(of: 0) else {
                return nil
            }
            return String(decoding: bytes[index..<end], as: UTF8.self)
        }

        private func number(at index: Int, bytes count: Int) -> UInt64? {
            guard index >= 0, index <= bytes.count - count else { return nil }
            return (0..<count).reduce(0) { $0 | UInt64(bytes[index + $1]) << UInt64(8 * $1) }
        }
    }
}
