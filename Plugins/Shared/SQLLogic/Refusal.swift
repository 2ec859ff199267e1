// SPDX-License-Identifier: Apache-2.0

/// Which errors of a database are about the row that was to be put, so that it is not taken at any other time either: a text
/// is too long for its column, a number too great, or a constraint of the table's owner forbids it.
public enum Refusal {
    /// By SQLSTATE: data exceptions, constraints, and what no page or index has room for.
    public static func postgres(_ state: String) -> Bool { ["22", "23", "54"].contains(state.prefix(2)) }

    /// By SQLSTATE, and by the numbers of errors that have none of their own: of a column without a default, of data that
    /// would be cut, of a wrong value, of a row that is too long, of a CHECK (MySQL, MariaDB).
    public static func mysql(_ number: UInt32, _ state: String) -> Bool {
        ["22", "23"].contains(state.prefix(2)) || [1364, 1265, 1366, 1118, 3819, 4025].contains(number)
    }

    /// SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH, extended or not.
    public static func sqlite(_ code: Int32) -> Bool { [18, 19, 20].contains(code & 0xff) }
}
