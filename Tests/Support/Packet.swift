// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A SIP message as it came, taken apart by means that have nothing in common with the server's.
package struct Packet: Sendable, CustomStringConvertible {
    package let bytes: [UInt8]
    package let startLine: String
    /// In their order, each value list left as it stands.
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let end = bytes.firstRange(of: Array("\r\n\r\n".utf8))
        let head = String(decoding: bytes[..<(end?.lowerBound ?? bytes.count)], as: UTF8.self)
        let lines = head.components(separatedBy: "\r\n")
        startLine = lines.first ?? ""
        headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (
                parts[0].trimmingCharacters(in: .whitespaces),
                parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
            )
        }
        body = end.map { Array(bytes[$0.upperBound...]) } ?? []
    }

    package subscript(name: String) -> String? { all(name).first }
    package func all(_ name: String) -> [String] {
        headers.filter { $0.name.caseInsensitiveCompare(name) == .orderedSame }.map(\.value)
    }

    /// Of a reply; 0 of a request.
    package var status: Int {
        startLine.hasPrefix("SIP/2.0 ") ? Int(startLine.dropFirst(8).prefix(3)) ?? 0 : 0
    }
    package var reason: String { status > 0 ? String(startLine.dropFirst(12)) : "" }
    package var method: String { startLine.split(separator: " ").first.map(String.init) ?? "" }
    package var uri: String { startLine.split(separator: " ").dropFirst().first.map(String.init) ?? "" }
    package var description: String { String(decoding: bytes, as: UTF8.self) }
}
