// SPDX-License-Identifier: Apache-2.0
import CMartlet
import SQLLogic

/// What a database answered that it should not have.
public struct SQLFailure: Error {
    public let text: String
    /// Nil: it concerns what was asked for, and the database itself is well.
    public let trouble: Trouble.Kind?
    /// It is the row: that is never taken, as long as its table is what it is.
    public let isOfRow: Bool

    public init(_ text: String, _ trouble: Trouble.Kind?, isOfRow: Bool = false) {
        self.text = text
        self.trouble = trouble
        self.isOfRow = isOfRow
    }
}

/// An open database. For one thread at a time.
public protocol StoreConnection: AnyObject {
    var dialect: Dialect { get }
    /// Why it is to be opened anew, though nothing failed; asked once a second.
    var staleness: String? { get }
    func begin() throws(SQLFailure)
    func commit() throws(SQLFailure)
    /// What was begun is undone, if something was.
    func rollback()
    /// Makes tables, or brings them up to date, while nobody else does.
    func prepare(_ tables: [OpenTable], _ settings: StoreSettings) throws(SQLFailure)
    func perform(_ job: inout Job) throws(SQLFailure)
    /// The columns in which texts of a row are too long, where errors do not say that. Outside of transactions.
    func tooLong(_ job: Job) -> [String]
    /// Other servers hear of it. Outside of transactions, and only where a database has a `NewsSource`.
    func tell(_ news: News) throws(SQLFailure)
    /// All rows of a query, lent one by one.
    func visit(
        _ layout: TableLayout, _ conditions: [Statement.Condition], _ values: PackedValues,
        _ row: (UnsafePointer<mt_value>) -> Bool
    ) throws(SQLFailure)
}

extension StoreConnection {
    public func tell(_ news: News) throws(SQLFailure) {}
    public func tooLong(_ job: Job) -> [String] { [] }
}

/// How a database is used, whatever kind it is of.
public struct StoreSettings: Sendable {
    public var isReadOnly = false
    public var versionTable = "version"

    public init(isReadOnly: Bool = false, versionTable: String = "version") {
        self.isReadOnly = isReadOnly
        self.versionTable = versionTable
    }
}
