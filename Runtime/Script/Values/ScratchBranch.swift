// SPDX-License-Identifier: Apache-2.0
import Message

/// `$sbranch(...)`: a branch that is being put together. Its texts live in buffers that are reused.
struct ScratchBranch {
    struct Text {
        private var buffer: UnsafeMutablePointer<UInt8>?
        private var room = 0
        private var count = -1

        var slice: Slice { count < 0 ? .absent : Slice(base: UnsafePointer(buffer), count: count) }

        func close() { buffer?.deallocate() }

        mutating func set(_ text: Slice) {
            guard let base = text.base else {
                count = -1
                return
            }
            if room < text.count || buffer == nil {
                room = max(64, text.count * 2)
                let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: room)
                larger.update(from: base, count: text.count)
                buffer?.deallocate()
                buffer = larger
            } else {
                buffer?.update(from: base, count: text.count)
            }
            count = text.count
        }
    }

    mutating func close() {
        for text in [uri, nextHop, path, instance, ruid, userAgent] { text.close() }
        self = ScratchBranch()
    }

    var uri = Text()
    var nextHop = Text()
    var path = Text()
    var instance = Text()
    var ruid = Text()
    var userAgent = Text()
    var q: Int32 = -1
    var socket = UInt32.max
    var flags: UInt64 = 0
    var connection: Int64 = 0

    mutating func reset() {
        uri.set(.absent)
        nextHop.set(.absent)
        path.set(.absent)
        instance.set(.absent)
        ruid.set(.absent)
        userAgent.set(.absent)
        q = -1
        socket = .max
        flags = 0
        connection = 0
    }
}
