// SPDX-License-Identifier: Apache-2.0

/// One table as the configuration defines it: `name=>size=8;autoexpire=7200;initval=0;`.
public struct TableDefinition: Equatable, Sendable {
    public var name: String
    /// There are two to this power slots.
    public var size = 8
    /// In seconds; 0: what is not told otherwise stays.
    public var autoexpire = 0
    /// Writing an item gives it the whole time again.
    public var updateexpire = true
    /// What a missing item is, instead of null.
    public var initval: Int?
    /// Only shown: tables live in memory.
    public var dbtable = ""
    public var dbmode = 0
    public var dmqreplicate = 0

    public struct Malformed: Error, Equatable, Sendable {
        public let what: String
        public let help: String
    }

    public init(name: String) { self.name = name }

    public static func parse(_ text: String) throws(Malformed) -> TableDefinition {
        let parts = split(text)
        guard let name = parts.name, !name.isEmpty else {
            throw Malformed(
                what: "\"\(text)\" defines no table", help: "write \"name=>size=8;autoexpire=3600;\"")
        }
        var definition = TableDefinition(name: name)
        for attribute in attributes(parts.rest) {
            let (key, value) = attribute
            switch key {
            case "size":
                let asked = try number(key, value)
                // As other servers do: what makes no sense becomes something that does.
                definition.size = asked < 2 ? 3 : min(asked, largest)
            case "autoexpire": definition.autoexpire = max(0, try number(key, value))
            case "updateexpire": definition.updateexpire = try number(key, value) != 0
            case "initval": definition.initval = try number(key, value)
            case "dbtable": definition.dbtable = value
            case "dbmode": definition.dbmode = try number(key, value)
            case "dmqreplicate": definition.dmqreplicate = try number(key, value)
            case "cols", "colnull", "coldelim": continue
            default:
                throw Malformed(
                    what: "a table has no \"\(key)\"",
                    help: "there are size, autoexpire, updateexpire, initval, dbtable and dbmode")
            }
        }
        return definition
    }

    /// More slots than this cost memory and gain nothing.
    public static let largest = 20

    private static func split(_ text: String) -> (name: String?, rest: Substring) {
        guard let equals = text.firstIndex(of: "="), text[text.index(after: equals)...].first == ">" else {
            return text.contains("=") ? (nil, "") : (trim(text[...]), "")
        }
        return (trim(text[..<equals]), text[text.index(equals, offsetBy: 2)...])
    }

    /// The pairs between semicolons; a value in quotes may hold some.
    private static func attributes(_ text: Substring) -> [(key: String, value: String)] {
        var pairs: [(String, String)] = []
        var part = Substring()
        var quoted = false
        for character in text + ";" {
            if character == "'" || character == "\"" { quoted.toggle() }
            guard character == ";", !quoted else {
                part.append(character)
                continue
            }
            let equals = part.firstIndex(of: "=") ?? part.endIndex
            let key = trim(part[..<equals])
            var value = equals < part.endIndex ? trim(part[part.index(after: equals)...]) : ""
            if value.count >= 2, let first = value.first, first == value.last, first == "'" || first == "\"" {
                value = String(value.dropFirst().dropLast())
            }
            if !key.isEmpty { pairs.append((key, value)) }
            part = Substring()
        }
        return pairs
    }

    private static func number(_ key: String, _ value: String) throws(Malformed) -> Int {
        guard let number = Int(value) else {
            throw Malformed(
                what: "\(key) has to be a number, not \"\(value)\"", help: "write \"\(key)=8\", for example")
        }
        return number
    }

    private static func trim(_ text: Substring) -> String {
        var text = text
        while let first = text.first, first == " " || first == "\t" || first == "\n" {
            text = text.dropFirst()
        }
        while let last = text.last, last == " " || last == "\t" || last == "\n" { text = text.dropLast() }
        return String(text)
    }
}
