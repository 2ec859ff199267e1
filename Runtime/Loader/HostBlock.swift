// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Script

/// What a plugin's `mt_host` pointer points to: the ABI's struct first, and behind it what the server has to
/// know when the plugin hands the pointer back. It lives as long as the process.
struct HostBlock {
    var abi: mt_host
    /// Its word in every message. The first ones are the core's own.
    let slot: Int
    let name: UnsafePointer<CChar>
    /// The server's own numbers of its first counter and event.
    var firstCounter: UInt32 = 0
    var counters: UInt32 = 0
    var firstEvent: UInt32 = 0
    var events: UInt32 = 0
    /// For the note of who is being called, where no line of the script makes the call.
    let timer, job, continuation, command, prepare, start, stop, filter: UnsafePointer<CallSite>

    init(index: Int, name: String, values: UnsafeMutablePointer<mt_value>, place: Place) {
        slot = Remaining.slot + 1 + index
        self.name = Immortal.cString(name)
        abi = mt_host()
        timer = CallSite.make(self.name, "a timer")
        job = CallSite.make(self.name, "a job")
        continuation = CallSite.make(self.name, "a continuation")
        command = CallSite.make(self.name, "a command")
        prepare = CallSite.make(self.name, "prepare", place)
        filter = CallSite.make(self.name, "a filter")
        start = CallSite.make(self.name, "init", place)
        stop = CallSite.make(self.name, "stop", place)
        abi.head = mt_head(
            size: UInt32(MemoryLayout<mt_host>.size), major: UInt16(MARTLET_MAJOR),
            minor: UInt16(MARTLET_MINOR))
        abi.params = UnsafePointer(values)
        HostFunctions.fill(&abi)
    }

    /// The block that a plugin's pointer belongs to. The ABI's struct is its first member, so the addresses
    /// agree.
    @inline(__always) static func of(_ host: UnsafePointer<mt_host>) -> UnsafeMutablePointer<HostBlock> {
        UnsafeMutableRawPointer(mutating: host).assumingMemoryBound(to: HostBlock.self)
    }
}

extension UnsafeMutablePointer<HostBlock> {
    /// As the plugin sees it.
    var asHost: UnsafePointer<mt_host> {
        UnsafePointer(UnsafeRawPointer(self).assumingMemoryBound(to: mt_host.self))
    }
}

extension CallSite {
    /// One that lives as long as the process.
    static func make(_ plugin: UnsafePointer<CChar>, _ function: String, _ place: Place? = nil)
        -> UnsafePointer<CallSite>
    {
        let site = UnsafeMutablePointer<CallSite>.allocate(capacity: 1)
        site.initialize(
            to: CallSite(
                plugin: plugin, function: Immortal.cString(function),
                behind: place.map { Immortal.cString($0.file.name) }, line: place?.line ?? 0))
        return UnsafePointer(site)
    }
}

/// Bytes that live as long as the process: names and texts that plugins may keep.
enum Immortal {
    static func cString(_ text: String) -> UnsafePointer<CChar> {
        var text = text
        return text.withUTF8 { bytes in
            let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count + 1)
            if let start = bytes.baseAddress { copy.update(from: start, count: bytes.count) }
            copy[bytes.count] = 0
            return UnsafeRawPointer(copy).assumingMemoryBound(to: CChar.self)
        }
    }

    static func text(_ bytes: [UInt8]) -> mt_str {
        let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count + 1)
        copy.update(from: bytes, count: bytes.count)
        copy[bytes.count] = 0
        return mt_str(ptr: UnsafeRawPointer(copy).assumingMemoryBound(to: CChar.self), len: bytes.count)
    }

    static func text(_ string: String) -> mt_str { text(Array(string.utf8)) }
}
