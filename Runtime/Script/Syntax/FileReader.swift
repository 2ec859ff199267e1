// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Where the text of configuration files comes from; tests have theirs in memory.
public struct FileReader {
    public enum Failure: Error, Equatable {
        case missing
        case other(String)
    }

    public var read: (_ path: String) throws(Failure) -> [UInt8]

    public init(_ read: @escaping (_ path: String) throws(Failure) -> [UInt8]) { self.read = read }

    /// The file system. Only what is a file in the end is read, and no more than 64 MB of it.
    public static var system: FileReader { FileReader(readFile) }

    private static func readFile(_ path: String) throws(Failure) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            throw errno == ENOENT || errno == ENOTDIR ? .missing : .other(String(cString: strerror(errno)))
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .other(String(cString: strerror(errno))) }
        switch status.st_mode & S_IFMT {
        case S_IFREG, S_IFIFO, S_IFCHR: break
        case S_IFDIR: throw .other("it is a folder")
        default: throw .other("it is not a file")
        }
        _ = fcntl(file, F_SETFL, 0)
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count < 64 << 20 {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .other(String(cString: strerror(errno))) }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
        throw .other("it is larger than 64 MB")
    }
}
