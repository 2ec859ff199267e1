// SPDX-License-Identifier: Apache-2.0

/// Editing the start line, the body, and parts of header fields. Each answers false, and does nothing, when the
/// message would not be one afterwards.
extension Message {
    /// The method of a request, in CSeq as well.
    @discardableResult public func setMethod(_ text: Slice) -> Bool {
        guard isRequest, text.isToken else { return false }
        let number = header(.cseq).exists ? digits(Int(cseq)) : .absent
        store.pointee.methodText = keepBytes(text)
        store.pointee.method = Method(text).rawValue
        store.pointee.startEdited = true
        if number.isPresent { setHeader(.cseq, body: keep(number, " ", text)) }
        return true
    }

    @discardableResult public func setURI(_ text: Slice) -> Bool {
        guard isRequest, text.isStartWord else { return false }
        store.pointee.uri = keepBytes(text)
        store.pointee.parsed.remove(.uri)
        store.pointee.startEdited = true
        return true
    }

    @discardableResult public func setStatus(_ status: Int) -> Bool {
        guard !isRequest, (100...699).contains(status) else { return false }
        store.pointee.status = Int32(status)
        store.pointee.startEdited = true
        return true
    }

    @discardableResult public func setReason(_ text: Slice) -> Bool {
        guard !isRequest, text.isPresent, text.firstIndex(of: 10) == nil, text.firstIndex(of: 13) == nil
        else { return false }
        store.pointee.reason = keepBytes(text)
        store.pointee.startEdited = true
        return true
    }

    /// Sets Content-Length too, and Content-Type when one is given. An absent body takes both away.
    public func setBody(_ body: Slice, type: Slice = .absent) {
        store.pointee.body = keepBytes(body)
        store.pointee.isIntact = false
        setNumber(.contentLength, body.count)
        if type.isPresent || body.isAbsent { setHeader(.contentType, body: type) }
    }

    @discardableResult public func setCSeq(_ number: UInt32) -> Bool {
        let method = isRequest ? methodText : cseqMethodText
        guard number <= Int32.max, method.isPresent else { return false }
        return setHeader(.cseq, body: keep(digits(Int(number)), " ", method))
    }

    @discardableResult public func setFromURI(_ uri: Slice) -> Bool { setURI(uri, in: .from) }
    @discardableResult public func setToURI(_ uri: Slice) -> Bool { setURI(uri, in: .to) }

    /// An absent tag is taken away.
    @discardableResult public func setFromTag(_ tag: Slice) -> Bool { setTag(tag, in: .from) }
    @discardableResult public func setToTag(_ tag: Slice) -> Bool { setTag(tag, in: .to) }

    private func setURI(_ uri: Slice, in id: HeaderID) -> Bool {
        let address = id == .from ? from : to
        guard uri.isStartWord, address.uri.isPresent else { return false }
        let name = address.display.isPresent ? keep(address.display, " ") : .absent
        let params = address.params.isPresent ? keep(";", address.params) : .absent
        return setHeader(id, body: keep(keep(name, "<"), uri, ">", params))
    }

    private func setTag(_ tag: Slice, in id: HeaderID) -> Bool {
        let address = id == .from ? from : to
        guard address.uri.isPresent, tag.isAbsent || tag.isToken else { return false }
        guard address.tag.isPresent, let old = Params(address.params).param(named: "tag") else {
            return tag.isAbsent || addTag(tag, to: address, id)
        }
        // What stands before the parameter, its semicolon included, and what stands behind it.
        let whole = address.whole
        guard let start = whole.base, let place = old.whole.base else { return false }
        let before = whole.prefix(place - start)
        let behind = whole.dropFirst(place - start + old.whole.count)
        if tag.isAbsent {
            guard let semicolon = before.lastIndex(of: UInt8(ascii: ";")) else { return false }
            return setHeader(id, body: keep(before.prefix(semicolon), behind))
        }
        return setHeader(id, body: keep(before, "tag=", tag, behind))
    }

    /// To an address without one.
    private func addTag(_ tag: Slice, to address: Address, _ id: HeaderID) -> Bool {
        // A faulty message may have a CR there, and is answered.
        guard let field = field(header(id)), address.whole.isHeaderBody else { return false }
        let name = Slice(base: field.pointee.line, count: Int(field.pointee.nameLength))
        let count = address.whole.count + 5 + tag.count
        let room = name.count + 2 + count + 2
        let place = alloc(room)
        var writer = Writer(place: place, room: room)
        writer.put(name)
        writer.put(": ")
        writer.put(address.whole)
        writer.put(";tag=")
        writer.put(tag)
        writer.put("\r\n")
        field.pointee.length = UInt32(truncatingIfNeeded: writer.finish())
        field.pointee.line = UnsafePointer(place.assumingMemoryBound(to: UInt8.self))
        field.pointee.body = field.pointee.line + (name.count + 2)
        field.pointee.bodyAndFold = UInt32(truncatingIfNeeded: count)
        store.pointee.isIntact = false
        forget(id)
        return true
    }
}

extension Slice {
    /// May stand between two blanks of a start line.
    public var isStartWord: Bool {
        guard let base, count > 0 else { return false }
        for i in 0..<count
        where base[i] <= 0x20 || base[i] == 0x7F || base[i] == UInt8(ascii: "<")
            || base[i] == UInt8(ascii: ">")
        {
            return false
        }
        return true
    }
}
