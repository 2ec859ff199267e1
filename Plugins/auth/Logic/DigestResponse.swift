// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit

/// What credentials have to say when the password is right (RFC 7616, 3.4).
public enum DigestResponse {
    /// The hash of user, realm and password, as databases keep it.
    public static func writeUserHash(
        _ algorithm: Algorithm, user: mt_str, realm: mt_str, password: mt_str,
        into digits: UnsafeMutablePointer<CChar>
    ) {
        Joined.with(room: user.len + realm.len + password.len) { text in
            text.add(user)
            text.add(next: realm)
            text.add(next: password)
            algorithm.write(text.bytes, into: digits)
        }
    }

    /// - Parameters:
    ///   - userHash: as `writeUserHash` has it.
    ///   - method: absent for what the server says of itself, in Authentication-Info.
    public static func write(
        _ algorithm: Algorithm, userHash: mt_str, _ fields: DigestFields, method: mt_str, body: mt_str,
        into digits: UnsafeMutablePointer<CChar>
    ) {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 3 * Algorithm.longest) { memory in
            guard let first = memory.baseAddress else { return }
            let second = first + Algorithm.longest
            let ofBody = second + Algorithm.longest
            func hash(_ place: UnsafeMutablePointer<CChar>) -> mt_str {
                mt_str(ptr: place, len: algorithm.length)
            }

            var user = userHash
            if algorithm.isSession {
                Joined.with(room: userHash.len + fields.nonce.len + fields.cnonce.len) { text in
                    text.add(userHash)
                    text.add(next: fields.nonce)
                    text.add(next: fields.cnonce)
                    algorithm.write(text.bytes, into: first)
                }
                user = hash(first)
            }
            let coversBody = Text(unchecked: fields.qop).equalsIgnoringCase("auth-int")
            if coversBody {
                algorithm.write(UnsafeRawBufferPointer(start: body.ptr, count: body.len), into: ofBody)
            }
            Joined.with(room: method.len + fields.uri.len + Algorithm.longest) { text in
                text.add(method)
                text.add(next: fields.uri)
                if coversBody { text.add(next: hash(ofBody)) }
                algorithm.write(text.bytes, into: second)
            }
            let room = fields.nonce.len + fields.count.len + fields.cnonce.len + fields.qop.len
            Joined.with(room: user.len + room + Algorithm.longest) { text in
                text.add(user)
                text.add(next: fields.nonce)
                if fields.qop.len > 0 {
                    text.add(next: fields.count)
                    text.add(next: fields.cnonce)
                    text.add(next: fields.qop)
                }
                text.add(next: hash(second))
                algorithm.write(text.bytes, into: digits)
            }
        }
    }

    /// Do these credentials prove that their sender knows the password?
    public static func isRight(
        _ algorithm: Algorithm, userHash: mt_str, _ fields: DigestFields, method: mt_str, body: mt_str
    ) -> Bool {
        guard fields.response.len == algorithm.length else { return false }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Algorithm.longest) { expected in
            guard let start = expected.baseAddress else { return false }
            write(algorithm, userHash: userHash, fields, method: method, body: body, into: start)
            // The time that this takes says nothing about where they differ.
            var difference: UInt8 = 0
            for index in 0..<algorithm.length {
                let given = UInt8(bitPattern: fields.response.ptr[index])
                let lower = given >= 65 && given <= 70 ? given | 32 : given
                difference |= lower ^ UInt8(bitPattern: start[index])
            }
            return difference == 0
        }
    }
}
