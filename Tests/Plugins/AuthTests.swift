// SPDX-License-Identifier: Apache-2.0
import AuthLogic
import CMartlet
import PluginKit
import Testing

/// Texts that live as long as the process: fields are lent.
private func lasting(_ text: String) -> mt_str {
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: max(text.utf8.count, 1))
    for (index, byte) in text.utf8.enumerated() { copy[index] = CChar(bitPattern: byte) }
    return mt_str(ptr: UnsafePointer(copy), len: text.utf8.count)
}

private func string(_ text: mt_str) -> String {
    String(decoding: UnsafeRawBufferPointer(start: text.ptr, count: text.len), as: UTF8.self)
}

private func fields(_ body: String) -> DigestFields? { DigestFields(Text(unchecked: lasting(body))) }

private func algorithm(_ name: String) throws -> Algorithm {
    let found = Algorithm.named(Text(unchecked: lasting(name)))
    return try #require(found)
}

private func userHash(_ algorithm: Algorithm, _ user: String, _ realm: String, _ password: String) -> String {
    var digits = [CChar](repeating: 0, count: Algorithm.longest)
    digits.withUnsafeMutableBufferPointer {
        DigestResponse.writeUserHash(
            algorithm, user: lasting(user), realm: lasting(realm), password: lasting(password),
            into: $0.baseAddress!)
    }
    return String(decoding: digits.prefix(algorithm.length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

@Suite struct DigestResponseTests {
    @Test func `a hash of a user is what others have in their databases`() throws {
        #expect(
            userHash(.md5, "Mufasa", "testrealm@host.com", "Circle Of Life")
                == "939e7578ed9e3c518a452acee763bce9")
        #expect(
            userHash(.sha256, "Mufasa", "http-auth@example.org", "Circle of Life")
                == "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232")
    }

    /// Where the padding just fits into a block, and where it needs another one.
    @Test(arguments: [
        ("MD5", 2, "4501c091b0366d76ea3218b6cfdd8097"),
        ("MD5", 55, "10d65b99aea26734ab72de539dad2d44"),
        ("MD5", 56, "25a4675ebc1e7d364b8af02123af1497"),
        ("MD5", 63, "24063a9bc793d7e4546c1846c2037da4"),
        ("MD5", 64, "19e7859fef0f360467a67ed6c1d90b77"),
        ("MD5", 65, "a0e0b730c0ee89e432eea6b92128e28d"),
        ("MD5", 119, "9a8545e1e1b43c7535063405c870344e"),
        ("MD5", 120, "49b4fc3bda21f7b4668ba879fbf51c16"),
        ("SHA-256", 2, "71546855d6279ef70d20909b292c42c2dcb02cd06bde01485da52d13e304ebf4"),
        ("SHA-256", 55, "11bb60cbf7455dac73a9a3fb075dc6c3fb41d2da5ba634a1872fb3e8358b4472"),
        ("SHA-256", 56, "981f0a380700fa1d1870b9878a5e4b2f63a196007636f5ae8bf7bf9a6ca23fa0"),
        ("SHA-256", 64, "ca58922a9a422d08c9ca944111c302dbb6acc3e3387c7aa2b0810fe3ec935ad6"),
        ("SHA-256", 119, "4218e3d6f108ea2c502e44c8f1782af9bf5f833903d64fa66710c4a09b57d4cf"),
        ("SHA-256", 120, "ac9b47a3e3ca9c8186bd508e17f5ace79590bd07e607a79e980034562a6b7c1d"),
        ("SHA-512-256", 2, "674602a61614a779e4b84c5d3462e6ba1269bfdd897b2399d91dc208a9614f3e"),
        ("SHA-512-256", 111, "8cff3438b750413f4dbac9e14df728286847decf7c2b64ee2d074a8ed3079d35"),
        ("SHA-512-256", 112, "088d77088f467d1b5d9e69a4b433a21a33b900b546c65c6480c2616b5fa6cfae"),
        ("SHA-512-256", 127, "ef40d1eff5338cb800722f3357609f96735fd54ffcbe983725e99552398e5682"),
        ("SHA-512-256", 128, "a3019929e808929d38095bd1463232a1b49348640292c10e6091e150c4467d43"),
        ("SHA-512-256", 129, "ecb30f760ab166629ee43b29be1254376ebff942aab6fa31bee66ef4abe57c8b"),
        ("SHA-512-256", 240, "c9da9c279b69278c6b872dc4dcff0d0899de5ecab3f16c8940bec7a61a9f0639"),
    ]) func `hashes of all lengths are right`(name: String, count: Int, expected: String) throws {
        #expect(userHash(try algorithm(name), String(repeating: "a", count: count - 2), "", "") == expected)
    }

    /// RFC 2617, 3.5, as corrected.
    @Test func `the example of RFC 2617 is right`() throws {
        let digest = try #require(
            fields(
                """
                Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", \
                uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", \
                response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41"
                """))
        let hash = lasting(userHash(.md5, "Mufasa", "testrealm@host.com", "Circle Of Life"))
        #expect(digest.isComplete && digest.countNumber == 1)
        #expect(DigestResponse.isRight(.md5, userHash: hash, digest, method: lasting("GET"), body: mt_str()))
        #expect(!DigestResponse.isRight(.md5, userHash: hash, digest, method: lasting("PUT"), body: mt_str()))
    }

    /// RFC 7616, 3.9.1.
    @Test(arguments: [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ]) func `the examples of RFC 7616 are right`(name: String, response: String) throws {
        let algorithm = try algorithm(name)
        let digest = try #require(
            fields(
                """
                Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html", algorithm=\(name), \
                nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001, \
                cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth, response="\(response)", \
                opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
                """))
        let hash = lasting(userHash(algorithm, "Mufasa", "http-auth@example.org", "Circle of Life"))
        #expect(
            DigestResponse.isRight(algorithm, userHash: hash, digest, method: lasting("GET"), body: mt_str()))
    }

    @Test func `algorithms are known by name, whatever the case`() throws {
        #expect(try algorithm("") == .md5)
        #expect(try algorithm("sha-256") == .sha256)
        #expect(try algorithm("md5-SESS").isSession)
        func isKnown(_ text: StaticString) -> Bool { Algorithm.named(Text(text)) != nil }
        #expect(!isKnown("SHA-1"))
        #expect(String(describing: try algorithm("sha-512-256-sess").name) == "SHA-512-256-sess")
    }
}

@Suite struct DigestFieldsTests {
    @Test func `fields come in any order, quoted or not, with any space`() throws {
        let digest = try #require(
            fields(
                "Digest  realm = \"r\" ,uri=sip:a@b,,nonce=\"n\",username=\"bob\\\"s@x\", response=\"0\" ,QOP=auth"
            ))
        #expect(string(digest.realm) == "r")
        #expect(string(digest.uri) == "sip:a@b")
        #expect(string(digest.username) == "bob\\\"s@x")
        #expect(string(digest.parts.user) == "bob\\\"s")
        #expect(string(digest.parts.domain) == "x")
        #expect(string(digest.qop) == "auth")
    }

    @Test(arguments: [
        "", "Digest", "Basic dXNlcg==", "Digest realm=\"r", "Digest realm", "Digest =\"x\"",
        "Digest a=\"b\" c",
        "Digest realm=\"r\\",
    ]) func `what cannot be read is none`(body: String) { #expect(fields(body) == nil) }

    @Test func `a qop needs a count and a nonce of the client`() throws {
        let basis = "Digest username=\"a\",realm=\"\",nonce=\"n\",uri=\"u\",response=\"r\""
        #expect(try #require(fields(basis)).isComplete)
        #expect(!(try #require(fields(basis + ",qop=auth")).isComplete))
        #expect(!(try #require(fields(basis + ",qop=auth,cnonce=\"c\",nc=1")).isComplete))
        #expect(try #require(fields(basis + ",qop=auth,cnonce=\"c\",nc=0000000A")).countNumber == 10)
    }
}

@Suite struct NonceTests {
    private let key = NonceKey(Array("secret".utf8))

    private func text(_ nonce: Nonce, _ key: NonceKey, bound: String = "") -> String {
        var text = [CChar](repeating: 0, count: Nonce.length)
        Array(bound.utf8).withUnsafeBytes { bound in
            text.withUnsafeMutableBufferPointer { key.write(nonce, bound: bound, into: $0.baseAddress!) }
        }
        return String(decoding: text.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    private func read(_ text: String, _ key: NonceKey, bound: String = "") -> NonceKey.Reading {
        Array(bound.utf8).withUnsafeBytes { key.read(lasting(text), bound: $0) }
    }

    @Test func `a nonce is known again, and by nobody else`() {
        let nonce = Nonce(time: 1_700_000_000, serial: 0xdead_beef)
        let text = text(nonce, key)
        #expect(text.utf8.count == 32)
        #expect(read(text, key) == .nonce(nonce))
        #expect(read(text, NonceKey(Array("other".utf8))) == .foreign)
        #expect(read(text, NonceKey([UInt8](repeating: 7, count: 100))) == .foreign)
    }

    @Test func `a nonce is good only for what it is bound to`() {
        let text = text(Nonce(time: 1, serial: 2), key, bound: "call-1")
        #expect(read(text, key, bound: "call-1") == .nonce(Nonce(time: 1, serial: 2)))
        #expect(read(text, key, bound: "call-2") == .foreign)
        #expect(read(text, key) == .foreign)
    }

    @Test func `whoever changes anything of it has another one`() {
        let good = Array(text(Nonce(time: 99, serial: 5), key).utf8)
        for index in good.indices {
            var bad = good
            bad[index] = bad[index] == 65 ? 66 : 65
            #expect(read(String(decoding: bad, as: UTF8.self), key) == .foreign)
        }
        #expect(read("short", key) == .malformed)
        #expect(read(String(repeating: "=", count: 32), key) == .malformed)
    }

    @Test func `it ages`() {
        let nonce = Nonce(time: 1000, serial: 1)
        #expect(nonce.age(now: 1300, life: 300, drift: 3) == .young)
        #expect(nonce.age(now: 1301, life: 300, drift: 3) == .old)
        #expect(nonce.age(now: 997, life: 300, drift: 3) == .young)
        #expect(nonce.age(now: 996, life: 300, drift: 3) == .fromTheFuture)
    }
}

@Suite struct NonceBookTests {
    private func book() throws -> NonceBook {
        let book = try #require(NonceBook(order: 4))
        book.open(7)
        return book
    }

    @Test func `a count has to grow`() throws {
        let book = try book()
        #expect(book.use(7, count: 1, fingerprint: 1, now: 100) == .first)
        #expect(book.use(7, count: 5, fingerprint: 2, now: 100) == .first)
        #expect(book.use(7, count: 5, fingerprint: 3, now: 100) == .replayed)
        #expect(book.use(7, count: 4, fingerprint: 4, now: 100) == .replayed)
        #expect(book.use(7, count: 6, fingerprint: 5, now: 100) == .first)
    }

    @Test func `the same request may come again for a while`() throws {
        let book = try book()
        #expect(book.use(7, count: 1, fingerprint: 1, now: 100) == .first)
        #expect(book.use(7, count: 1, fingerprint: 1, now: 132) == .repeated)
        #expect(book.use(7, count: 1, fingerprint: 1, now: 133) == .replayed)
    }

    @Test func `without a count it is good for one request`() throws {
        let book = try book()
        #expect(book.use(7, count: nil, fingerprint: 1, now: 1) == .first)
        #expect(book.use(7, count: nil, fingerprint: 2, now: 1) == .replayed)
    }

    @Test func `one that was never handed out, or long ago, is not known`() throws {
        let book = try book()
        #expect(book.use(8, count: 1, fingerprint: 1, now: 1) == .forgotten)
        book.open(7 + 16)
        #expect(book.use(7, count: 1, fingerprint: 1, now: 1) == .forgotten)
        #expect(book.use(23, count: 1, fingerprint: 1, now: 1) == .first)
    }

    @Test func `of many who say the same at once, one is heard`() async throws {
        let book = try book()
        let heard = await withTaskGroup(of: Int.self) { group in
            for task in 0..<8 {
                group.addTask {
                    var heard = 0
                    for count in 1...1000
                    where book.use(7, count: UInt32(count), fingerprint: UInt32(task + 10), now: 1) == .first
                    {
                        heard += 1
                    }
                    return heard
                }
            }
            return await group.reduce(0, +)
        }
        #expect(heard <= 1000)
        #expect(book.use(7, count: 1000, fingerprint: 99, now: 1) == .replayed)
    }
}

@Suite struct ChallengeTests {
    private func body(_ challenge: Challenge, _ name: String = "") throws -> String {
        let line = challenge.body(realm: Text("example.com"), nonce: mt_str("N"), try algorithm(name))
        return line.withRaw { string($0) }
    }

    @Test func `a challenge says what is asked for, and MD5 goes without saying`() throws {
        #expect(try body([]) == "Digest realm=\"example.com\", nonce=\"N\"")
        #expect(
            try body([.auth, .stale]) == "Digest realm=\"example.com\", nonce=\"N\", qop=\"auth\", stale=true"
        )
        #expect(
            try body(.authInt, "SHA-256")
                == "Digest realm=\"example.com\", nonce=\"N\", qop=\"auth-int\", algorithm=SHA-256")
        #expect(try body([.auth, .authInt]).contains("qop=\"auth,auth-int\""))
    }

    @Test func `a realm that would end its quotes is none`() {
        func isRealm(_ text: StaticString) -> Bool { Challenge.isRealm(Text(text)) }
        #expect(isRealm("example.com"))
        for realm: StaticString in ["", "a\"b", "a\r\nb"] { #expect(!isRealm(realm)) }
    }
}
