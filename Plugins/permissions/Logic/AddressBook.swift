// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// Who is in which group: addresses, subnets and names. It is built once, and then only read.
public struct AddressBook: Sendable {
    public struct Entry: Equatable, Sendable {
        public var group: Int
        public var address: String
        /// Bits of the prefix, as it is written for this family; nil: all.
        public var mask: Int?
        /// 0: any.
        public var port: Int
        public var tag: String?

        public init(group: Int = 1, _ address: String, mask: Int? = nil, port: Int = 0, tag: String? = nil) {
            self.group = group
            self.address = address
            self.mask = mask
            self.port = port
            self.tag = tag
        }
    }

    /// An entry's number.
    private typealias Found = Int

    public private(set) var entries: [Entry] = []
    private var addresses: [IPAddress: [Found]] = [:]
    /// By the length of their prefix.
    private var subnets: [Int: [IPAddress: [Found]]] = [:]
    /// The longest first: the closest subnet is asked first.
    private var lengths: [Int] = []
    private var names: [String: [Found]] = [:]

    public init() {}

    public enum Kind: Sendable { case address, subnet, name }

    public func kind(of entry: Entry) -> Kind {
        guard let address = IPAddress.parse(entry.address) else { return .name }
        return prefix(of: entry, address) >= 128 ? .address : .subnet
    }

    private func prefix(of entry: Entry, _ address: IPAddress) -> Int {
        guard let mask = entry.mask else { return 128 }
        return address.isV4 ? 96 + min(max(mask, 0), 32) : min(max(mask, 0), 128)
    }

    /// False: the group or the address cannot be.
    @discardableResult public mutating func add(_ entry: Entry) -> Bool {
        guard entry.group > 0, !entry.address.isEmpty, (0...65_535).contains(entry.port) else { return false }
        let number = entries.count
        if let address = IPAddress.parse(entry.address) {
            let length = prefix(of: entry, address)
            if length >= 128 {
                addresses[address, default: []].append(number)
            } else {
                subnets[length, default: [:]][address.masked(length), default: []].append(number)
                if !lengths.contains(length) {
                    lengths.append(length)
                    lengths.sort(by: >)
                }
            }
        } else {
            names[entry.address.lowercased(), default: []].append(number)
        }
        entries.append(entry)
        return true
    }

    /// - Parameter group: nil: any; then the first one counts.
    public func find(group: Int?, _ address: IPAddress, port: Int) -> Entry? {
        if let found = choose(addresses[address], group, port) { return found }
        for length in lengths {
            if let found = choose(subnets[length]?[address.masked(length)], group, port) { return found }
        }
        return nil
    }

    public func find(group: Int?, name: Text, port: Int) -> Entry? {
        guard !names.isEmpty else { return nil }
        return choose(names[String(name).lowercased()], group, port)
    }

    private func choose(_ numbers: [Found]?, _ group: Int?, _ port: Int) -> Entry? {
        guard let numbers else { return nil }
        for number in numbers {
            let entry = entries[number]
            if group == nil || entry.group == group, entry.port == 0 || entry.port == port { return entry }
        }
        return nil
    }
}

extension IPAddress {
    static func parse(_ text: String) -> IPAddress? { text.withRaw { IPAddress(Text(unchecked: $0)) } }
}

/// A file of addresses: `group,address[/mask],port,tag` on each line; what is missing at the end has its
/// default.
public enum AddressFile {
    public static func read(_ text: String) -> (entries: [AddressBook.Entry], wrong: [Int]) {
        var entries: [AddressBook.Entry] = []
        var wrong: [Int] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let bare = unquoted(line.prefix { $0 != "#" })
            guard !bare.isEmpty else { continue }
            let fields = line.prefix { $0 != "#" }.split(separator: ",", omittingEmptySubsequences: false)
                .map(unquoted)
            guard let entry = entry(fields) else {
                wrong.append(index + 1)
                continue
            }
            entries.append(entry)
        }
        return (entries, wrong)
    }

    private static func entry(_ fields: [String]) -> AddressBook.Entry? {
        guard fields.count >= 2, fields.count <= 4, let group = Int(fields[0]), group > 0 else { return nil }
        let parts = fields[1].split(separator: "/", maxSplits: 1).map(String.init)
        guard let address = parts.first else { return nil }
        var entry = AddressBook.Entry(group: group, address)
        if parts.count > 1 {
            guard let mask = Int(parts[1]), mask >= 0 else { return nil }
            entry.mask = mask
        }
        if fields.count > 2, !fields[2].isEmpty {
            guard let port = Int(fields[2]), (0...65_535).contains(port) else { return nil }
            entry.port = port
        }
        if fields.count > 3, !fields[3].isEmpty { entry.tag = fields[3] }
        return entry
    }

    private static func unquoted(_ text: Substring) -> String {
        var text = text
        while let first = text.first, first == " " || first == "\t" || first == "\r" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" || last == "\r" { text.removeLast() }
        if text.count >= 2, text.first == "\"", text.last == "\"" { text = text.dropFirst().dropLast() }
        return String(text)
    }
}
