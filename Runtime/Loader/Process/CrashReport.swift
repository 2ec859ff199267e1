// SPDX-License-Identifier: Apache-2.0
import CLinux
import CMartlet
import Glibc
import Message
import Script

/// What is printed when the process dies of a signal: who was being called, for which message, and what is loaded.
///
/// The handler does only what a signal handler may (signal-safety(7)): it reads memory that was laid out before, and
/// writes. Each thread has a stack of its own for it, so that an overflow of the usual one is told too.
enum CrashReport {
    private struct Texts {
        var server: UnsafePointer<CChar>
        var loaded: UnsafePointer<CChar>
        /// "vendor" and "vendor 2.1.0", by plugin.
        var plugins: UnsafeMutablePointer<(name: UnsafePointer<CChar>, full: UnsafePointer<CChar>)>
        var count: Int
    }

    nonisolated(unsafe) private static var texts: Texts?
    private static let stackSize = 65_536

    /// [main] Once the plugins are known.
    static func install(_ plugins: [Plugin]) {
        let names = UnsafeMutablePointer<(name: UnsafePointer<CChar>, full: UnsafePointer<CChar>)>
            .allocate(capacity: max(plugins.count, 1))
        for (index, plugin) in plugins.enumerated() {
            (names + index).initialize(
                to: (plugin.host.pointee.name, Immortal.cString("\(plugin.name) \(plugin.table.version)")))
        }
        let loaded = plugins.map { "\($0.name) \($0.table.version)" }.joined(separator: ", ")
        texts = Texts(
            server: Immortal.cString(Version.server),
            loaded: Immortal.cString("\(loaded) (ABI \(Version.abi))"), plugins: names, count: plugins.count)
        prepareThread()
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { CrashReport.handle($0) }
        action.sa_flags = Int32(SA_ONSTACK) | Int32(bitPattern: UInt32(SA_RESETHAND)) | SA_NODEFER
        for signal in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP] { sigaction(signal, &action, nil) }
    }

    /// On each thread that runs plugins' code.
    static func prepareThread() {
        var stack = stack_t()
        stack.ss_sp = UnsafeMutableRawPointer.allocate(byteCount: stackSize, alignment: 16)
        stack.ss_size = stackSize
        sigaltstack(&stack, nil)
    }

    private static func handle(_ signal: Int32) {
        guard let texts else { return again(signal) }
        put(texts.server)
        put(": signal ")
        put(number: Int(signal))
        let worker = cl_worker() == nil ? nil : host.workers.map { $0 + Int(cl_worker_index()) }
        let note = worker.map { $0.pointee.note } ?? CallNote.ofThread
        if let site = note.pointee.site {
            put(" in plugin ")
            put(fullName(site.pointee.plugin, texts))
            if memcmp(site.pointee.function, "a ", 2) != 0, memcmp(site.pointee.function, "the ", 4) != 0 {
                put(", function ")
            } else {
                put(", ")
            }
            put(site.pointee.function)
            if let file = site.pointee.file {
                put(", ")
                put(file)
                put(":")
                put(number: Int(site.pointee.line))
            }
        }
        put("\n")
        if let worker {
            put("  worker ")
            put(number: Int(worker.pointee.index))
            if let raw = note.pointee.message {
                let message = Message(OpaquePointer(raw))
                if message.isIndexed {
                    put(", ")
                    put(message.isRequest ? message.methodText : message.cseqMethodText)
                    put(", Call-ID ")
                    put(message.callID)
                }
            }
            put("\n")
        }
        put("  loaded: ")
        put(texts.loaded)
        put("\n")
        again(signal)
    }

    /// The handler is reset by now: the same once more ends the process, with a core file if those are wanted.
    private static func again(_ signal: Int32) { raise(signal) }

    private static func fullName(_ name: UnsafePointer<CChar>, _ texts: Texts) -> UnsafePointer<CChar> {
        for index in 0..<texts.count where strcmp(texts.plugins[index].name, name) == 0 {
            return texts.plugins[index].full
        }
        return name
    }

    private static func put(_ text: UnsafePointer<CChar>) { _ = write(2, text, strlen(text)) }
    private static func put(_ text: StaticString) { _ = write(2, text.utf8Start, text.utf8CodeUnitCount) }
    private static func put(_ text: Slice) {
        if let base = text.base { _ = write(2, base, min(text.count, 256)) }
    }

    private static func put(number: Int) {
        var bytes: (UInt64, UInt64, UInt64) = (0, 0, 0)
        withUnsafeMutableBytes(of: &bytes) { digits in
            var at = digits.count
            var rest = number
            repeat {
                at -= 1
                digits[at] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0 && at > 0
            _ = write(2, digits.baseAddress.unsafelyUnwrapped + at, digits.count - at)
        }
    }
}
