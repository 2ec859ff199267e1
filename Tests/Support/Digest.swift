// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What a telephone answers to a challenge, worked out by other means than the server's: the system's md5sum and
/// sha256sum.
package struct Digest {
    package let realm, nonce: String
    package let qop, algorithm, opaque: String?
    package let isStale: Bool

    /// Of a WWW-Authenticate or Proxy-Authenticate.
    package init?(_ header: String?) {
        guard let header, header.hasPrefix("Digest ") else { return nil }
        func field(_ name: String) -> String? {
            for part in header.dropFirst(7).components(separatedBy: ", ") where part.hasPrefix("\(name)=") {
                return part.dropFirst(name.count + 1).trimmingCharacters(in: ["\""])
            }
            return nil
        }
        guard let realm = field("realm"), let nonce = field("nonce") else { return nil }
        self.realm = realm
        self.nonce = nonce
        qop = field("qop")
        algorithm = field("algorithm")
        opaque = field("opaque")
        isStale = field("stale") == "true"
    }

    package static func hash(_ text: String, _ algorithm: String?) throws -> String {
        let tool = algorithm?.hasPrefix("SHA-256") == true ? "sha256sum" : "md5sum"
        let output = try run("sh", "-c", "printf %s \"$0\" | \(tool)", text)
        return String(output.out.prefix { $0 != " " })
    }

    /// The value of an Authorization or Proxy-Authorization.
    package func answer(
        user: String, password: String, method: String, uri: String, count: Int = 1, body: String = ""
    ) throws -> String {
        var first = try Digest.hash("\(user):\(realm):\(password)", algorithm)
        if algorithm?.hasSuffix("-sess") == true {
            first = try Digest.hash("\(first):\(nonce):c0ffee", algorithm)
        }
        var what = "\(method):\(uri)"
        let chosen = qop?.split(separator: ",").first.map(String.init)
        if chosen == "auth-int" { what += ":\(try Digest.hash(body, algorithm))" }
        let second = try Digest.hash(what, algorithm)
        let digits = String(count, radix: 16)
        let number = String(repeating: "0", count: 8 - digits.count) + digits
        var fields = "Digest username=\"\(user)\", realm=\"\(realm)\", nonce=\"\(nonce)\", uri=\"\(uri)\""
        if let chosen {
            let response = try Digest.hash(
                "\(first):\(nonce):\(number):c0ffee:\(chosen):\(second)", algorithm)
            fields += ", response=\"\(response)\", qop=\(chosen), nc=\(number), cnonce=\"c0ffee\""
        } else {
            fields += ", response=\"\(try Digest.hash("\(first):\(nonce):\(second)", algorithm))\""
        }
        if let algorithm { fields += ", algorithm=\(algorithm)" }
        return fields
    }
}
