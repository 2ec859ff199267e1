// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A copy of a message, to be edited and sent apart: one for each branch of a request.
extension Message {
    /// One to edit apart: its header and body as they now stand, and where it is to go. The plugins' words, the
    /// attributes, and the caches stay with the original.
    public func copy(in pool: MessagePool) -> Message {
        let copy = pool.take()
        let to = copy.store
        to.pointee.isRequest = store.pointee.isRequest
        to.pointee.method = store.pointee.method
        to.pointee.status = store.pointee.status
        to.pointee.stream = store.pointee.stream
        if !copy.takeWhole(self) { copy.takeParts(self) }
        to.pointee.receivedURI = copy.keepBytes(store.pointee.receivedURI)
        copy.takeRouting(from: self)
        return copy
    }

    /// An intact message in one piece: its index says the same of bytes that stand elsewhere.
    private func takeWhole(_ other: Message) -> Bool {
        let from = other.store
        let bytes = from.pointee.received
        let count = Int(from.pointee.fieldCount)
        guard from.pointee.isIntact, !from.pointee.startEdited, bytes.count <= Layout.bufferSize,
            count <= Layout.fieldCount, let start = bytes.base, let old = from.pointee.fields,
            let new = store.pointee.fields
        else { return false }
        let place = store.pointee.buffer
        let move = UnsafePointer(place) - start
        for n in 1..<max(count, 1) {
            // The body of a field that was unfolded stands elsewhere.
            guard old[n].body >= start, old[n].body <= start + bytes.count else { return false }
            new[n] = old[n]
            new[n].line += move
            new[n].body += move
        }
        memcpy(place, start, bytes.count)
        memcpy(store.pointee.firstOfKind, from.pointee.firstOfKind, Layout.kinds * 2)
        store.pointee.fieldCount = from.pointee.fieldCount
        store.pointee.head = from.pointee.head
        store.pointee.tail = from.pointee.tail
        store.pointee.isIntact = true
        store.pointee.start = place
        store.pointee.received = bytes.moved(by: move)
        store.pointee.startLine = from.pointee.startLine.moved(by: move)
        store.pointee.methodText = from.pointee.methodText.moved(by: move)
        store.pointee.uri = from.pointee.uri.moved(by: move)
        store.pointee.version = from.pointee.version.moved(by: move)
        store.pointee.reason = from.pointee.reason.moved(by: move)
        store.pointee.blank = from.pointee.blank.moved(by: move)
        store.pointee.body = from.pointee.body.moved(by: move)
        return true
    }

    /// Line by line, with the edits that were made.
    private func takeParts(_ other: Message) {
        let from = other.store
        let size = other.write(into: store.pointee.buffer, room: 0)
        var builder = Builder(message: self, room: size)
        builder.startLine {
            $0.append(from.pointee.startEdited ? other.startText(in: self) : from.pointee.startLine)
        }
        readStart()
        other.eachField { builder.add(field: $0) }
        builder.finish(blank: from.pointee.blank, body: from.pointee.body)
    }

    /// The edited start line, as `write` puts it.
    private func startText(in copy: Message) -> Slice {
        let place = copy.alloc(startSize)
        var writer = Writer(place: place, room: startSize)
        writeStart(&writer)
        return Slice(base: UnsafePointer(place.assumingMemoryBound(to: UInt8.self)), count: writer.finish())
    }

    private var startSize: Int {
        store.pointee.methodText.count + store.pointee.uri.count + store.pointee.version.count
            + store.pointee.reason.count + 32
    }

    private func takeRouting(from other: Message) {
        let from = other.store
        store.pointee.flow = from.pointee.flow
        store.pointee.flags = from.pointee.flags
        store.pointee.scriptFlags = from.pointee.scriptFlags
        store.pointee.branchFlags = from.pointee.branchFlags
        store.pointee.options = from.pointee.options
        store.pointee.worker = from.pointee.worker
        store.pointee.hasOutSocket = from.pointee.hasOutSocket
        store.pointee.outSocket = from.pointee.outSocket
        store.pointee.errorStatus = from.pointee.errorStatus
        store.pointee.nextHop = keepBytes(from.pointee.nextHop)
        ruid = from.pointee.ruid
        instance = from.pointee.instance
        userAgent = from.pointee.userAgent
        store.pointee.regID = from.pointee.regID
        store.pointee.quality = from.pointee.quality
        store.pointee.connection = from.pointee.connection
        path = from.pointee.path
        errorReason = from.pointee.errorReason
        store.pointee.replyLines = keepBytes(from.pointee.replyLines)
        replyBody = from.pointee.replyBody
        replyType = from.pointee.replyType
        var node = from.pointee.firstTarget
        while let here = node {
            addTarget(here.pointee.target)
            node = here.pointee.next
        }
    }
}

extension Slice {
    /// The same part of a copy that stands so much further on.
    @inline(__always) func moved(by distance: Int) -> Slice {
        Slice(base: base.map { $0 + distance }, count: count)
    }
}
