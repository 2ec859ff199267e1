// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// What a challenge asks for.
public struct Challenge: OptionSet, Sendable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }
    /// qop="auth"
    public static let auth = Challenge(rawValue: 1)
    /// qop="auth-int"
    public static let authInt = Challenge(rawValue: 2)
    /// An error of ours is not answered.
    public static let silent = Challenge(rawValue: 4)
    public static let stale = Challenge(rawValue: 16)

    /// Does a realm fit between quotes?
    public static func isRealm(_ realm: Text) -> Bool {
        guard !realm.isEmpty, realm.count <= 256 else { return false }
        for index in 0..<realm.count where realm[index] < 32 || realm[index] == 34 || realm[index] == 127 {
            return false
        }
        return true
    }

    /// The body of the header.
    public func body(realm: Text, nonce: mt_str, _ algorithm: Algorithm) -> Line {
        var line: Line = "Digest realm=\"\(realm)\", nonce=\"\(nonce)\""
        switch (contains(.auth), contains(.authInt)) {
        case (true, true): line.append(", qop=\"auth,auth-int\"")
        case (true, false): line.append(", qop=\"auth\"")
        case (false, true): line.append(", qop=\"auth-int\"")
        case (false, false): break
        }
        if contains(.stale) { line.append(", stale=true") }
        // Nobody needs to be told of MD5, and some stumble over it.
        if algorithm != .md5 { line.append(", algorithm=\(algorithm.name)") }
        return line
    }
}
