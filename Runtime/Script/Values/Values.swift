// SPDX-License-Identifier: Apache-2.0
import Message

/// The values of headers that are lists, counted over all their lines.
enum Values {
    /// The index-th, 0 the first; -1 the last.
    static func address(_ index: Int, of header: HeaderID, in message: Message) -> Address? {
        var left = index < 0 ? count(header, in: message) + index : index
        guard left >= 0 else { return nil }
        var field = message.header(header)
        while field.exists {
            var list = message.body(of: field)
            while let address = Address(taking: &list) {
                if left == 0 { return address }
                left -= 1
            }
            field = message.header(header, after: field)
        }
        return nil
    }

    /// The n-th Via, 1 the topmost; negative from the end, -1 the last.
    static func via(_ number: Int, in message: Message) -> Via? {
        if number == 1 { return message.topVia.whole.isPresent ? message.topVia : nil }
        var left = number < 0 ? count(.via, in: message) + number : number - 1
        guard left >= 0 else { return nil }
        var field = message.header(.via)
        // The first one has been read already; where it has a line to itself, that line is done with.
        if left > 0, message.topVia.whole.isPresent,
            message.topVia.whole.count == message.body(of: field).count
        {
            left -= 1
            field = message.header(.via, after: field)
        }
        while field.exists {
            var list = message.body(of: field)
            while let via = Via(taking: &list) {
                if left == 0 { return via }
                left -= 1
            }
            field = message.header(.via, after: field)
        }
        return nil
    }

    /// Takes one value as text off a list.
    static func take(_ list: inout Slice, _ header: HeaderID) -> Slice? {
        header == .via ? Via(taking: &list)?.whole : Address(taking: &list)?.whole
    }

    static func count(_ header: HeaderID, in message: Message) -> Int {
        var found = 0
        var field = message.header(header)
        while field.exists {
            var list = message.body(of: field)
            while take(&list, header) != nil { found += 1 }
            field = message.header(header, after: field)
        }
        return found
    }

    static func text(_ index: Int, of header: HeaderID, in message: Message) -> Slice {
        var left = index < 0 ? count(header, in: message) + index : index
        guard left >= 0 else { return .absent }
        var field = message.header(header)
        while field.exists {
            var list = message.body(of: field)
            while let value = take(&list, header) {
                if left == 0 { return value }
                left -= 1
            }
            field = message.header(header, after: field)
        }
        return .absent
    }
}
