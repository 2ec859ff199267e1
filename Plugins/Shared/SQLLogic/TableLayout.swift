// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// A table as the plugin that uses it describes it, copied out of the C structs.
public struct TableLayout: Equatable, Sendable {
    public enum Kind: Equatable, Sendable { case number, text, bytes, time, decimal }

    public struct Column: Equatable, Sendable {
        public let name: String
        public let kind: Kind
        public let isKey, isSerial: Bool
        /// 0: any.
        public let length: Int
        /// What stands there when nothing was put; nil: nothing may stand there.
        public let fallback: String?

        public init(
            _ name: String, _ kind: Kind, isKey: Bool = false, isSerial: Bool = false, length: Int = 0,
            fallback: String? = nil
        ) {
            self.name = name
            self.kind = kind
            self.isKey = isKey
            self.isSerial = isSerial
            self.length = length
            self.fallback = fallback
        }
    }

    public struct Index: Equatable, Sendable {
        public let columns: [String]
        public let isUnique: Bool
        public init(_ columns: [String], isUnique: Bool = false) {
            self.columns = columns
            self.isUnique = isUnique
        }
    }

    public let name: String
    public let revision: Int
    public let isVersioned: Bool
    public let columns: [Column]
    public let indexes: [Index]

    public init(
        _ name: String, revision: Int, isVersioned: Bool = true, _ columns: [Column], indexes: [Index] = []
    ) {
        self.name = name
        self.revision = revision
        self.isVersioned = isVersioned
        self.columns = columns
        self.indexes = indexes
    }

    public var keys: [Column] { columns.filter(\.isKey) }
    /// Those that a plugin puts.
    public var given: [Column] { columns.filter { !$0.isSerial } }
}

extension TableLayout {
    /// Nil when a type or a name in it cannot be.
    public init?(_ table: mt_table) {
        guard let name = table.name else { return nil }
        var columns: [Column] = []
        for index in 0..<Int(table.columns.count) {
            guard let column = Column(TableLayout.item(table.columns, index, mt_column())) else { return nil }
            columns.append(column)
        }
        var indexes: [Index] = []
        for index in 0..<Int(table.indexes.count) {
            let item = TableLayout.item(table.indexes, index, mt_index())
            guard let list = item.columns else { return nil }
            indexes.append(
                Index(
                    String(cString: list).split(separator: ",").map { String($0) },
                    isUnique: item.unique != 0))
        }
        self.init(
            String(cString: name), revision: Int(table.revision),
            isVersioned: table.flags & UInt32(MT_UNVERSIONED) == 0, columns, indexes: indexes)
        guard !columns.isEmpty else { return nil }
    }

    /// An item of a list whose items may be narrower or wider than ours.
    private static func item<Item>(_ list: mt_list, _ index: Int, _ blank: Item) -> Item {
        var item = blank
        guard let start = list.items else { return item }
        let size = min(Int(list.stride), MemoryLayout<Item>.size)
        withUnsafeMutableBytes(of: &item) {
            $0.copyMemory(
                from: UnsafeRawBufferPointer(start: start + index * Int(list.stride), count: size))
        }
        return item
    }
}

extension TableLayout.Column {
    init?(_ column: mt_column) {
        guard let name = column.name else { return nil }
        let isBinary = column.key & UInt32(MT_BINARY) != 0
        switch Int(column.type) {
        case Int(MT_INT): kind = .number
        case Int(MT_STR): kind = isBinary ? .bytes : .text
        case Int(MT_TIME): kind = .time
        case Int(MT_DECIMAL): kind = .decimal
        default: return nil
        }
        self.name = String(cString: name)
        isKey = column.key & UInt32(MT_KEY) != 0
        isSerial = column.key & UInt32(MT_SERIAL) != 0
        length = Int(column.length)
        fallback = column.fallback.map { String(cString: $0) }
    }
}
