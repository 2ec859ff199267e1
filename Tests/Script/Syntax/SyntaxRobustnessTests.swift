// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import Script

/// Whatever is read, reading comes to an end and tells what it found.
@Suite struct SyntaxRobustnessTests {
    private static let specimen = """
        #!KAMAILIO
        #!define LEVEL 3 // three
        #!subst "/HOST/example.com/g"
        #!ifdef LEVEL
        debug=LEVEL
        #!else
        debug=0
        #!endif
        listen=udp:192.0.2.1:5060 advertise "HOST":5070 name "outside" tcp:[2001:db8::1]:5060
        alias=a.example "HOST":5060
        flags FLAG:3, OTHER;
        my[1].value = "x" desc "y"
        loadmodule "tm.so"
        modparam("tm", "fr_timer", -30000)
        /* a /* b */ c */
        request_route {
            $var(x) = ($var(y) = 1 + 2 * -3) mod 0x1F;
            if (!uri == myself && src_ip == 10.0.0.0/8 || method =~ "^(INVITE|ACK)$") {
                t_relay("a\\x41\\n", $(hdr(Via)[1]{s.len}));
            } else if (@via[2].host == "" or defined $avp(x)) force_send_socket(udp:192.0.2.1:5060);
            switch ($rc) { case -1: case /"x": exit; default: drop; }
            while ($i < 3) { $i = $i + (int)"1"; break; }
            return -1;
        }
        event_route[tm:branch-failure:X-Y] { route("A" + $b); }
        """

    private static var specimens: [[UInt8]] {
        [Array(specimen.utf8)]
            + Samples.files.compactMap { FileManager.default.contents(atPath: $0).map { [UInt8]($0) } }
    }

    @Test func `the specimen is without fault`() {
        #expect(Reading(Self.specimen).complaints == "")
    }

    @Test func `every beginning of a file is told something or nothing about, and never traps`() {
        for (index, bytes) in Self.specimens.enumerated() {
            let step = index == 0 ? 1 : max(1, bytes.count / 40)
            for length in stride(from: 0, through: bytes.count, by: step) {
                _ = Reading(bytes: Array(bytes[..<length])).complaints
            }
        }
    }

    @Test func `bytes that change, vanish or come twice never trap`() {
        var random = SplitMix(state: 20)
        for (index, bytes) in Self.specimens.enumerated() {
            for _ in 0..<(index == 0 ? 1000 : 20) {
                var changed = bytes
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let place = Int.random(in: 0..<changed.count, using: &random)
                    switch Int.random(in: 0..<4, using: &random) {
                    case 0: changed[place] = UInt8.random(in: 0...255, using: &random)
                    case 1: changed.remove(at: place)
                    case 2:
                        changed.insert(
                            "(){}[]\"'$@#!\\/;=\n".utf8.randomElement(using: &random) ?? 0, at: place)
                    default: changed.insert(contentsOf: changed[place...].prefix(40), at: place)
                    }
                }
                _ = Reading(bytes: changed).complaints
            }
        }
    }

    @Test(
        arguments: [
            "(", "{", "if(1)", "if(1){", "!", "- ", "f(", "/*", "switch(1){case 1:", "$(", "+1", "(int)",
            "if(1);else ",
            "#!ifdef A\n", "selval(", "route(", "\"", "'", "@a[", "a.", "$x=", "$", "#!", "\\", "}", "x;",
            "::", "listen=",
        ])
    func `however long or deep it goes, reading ends`(unit: String) {
        let long = String(repeating: unit, count: 2_000)
        for beginning in ["", "route { ", "route { return ", "#!ifexp ", "#!subst \"/"] {
            _ = Reading(beginning + long).complaints
        }
    }

    @Test(arguments: [
        "(", "{", "if(1)", "if(1){", "!", "f(", "switch(1){case 1:", "(int)", "selval(", "route(",
    ])
    func `what is nested too deeply is told in few words`(unit: String) {
        let deep = String(repeating: unit, count: 2_000)
        #expect(Reading("route { \(deep)").diagnostics.all.count < 150)
    }

    @Test func `rules come to an end, too`() {
        let rules = String(repeating: "#!subst \"/a/b/\"\n", count: 513)
        #expect(Reading(rules).diagnostics.all.map(\.what) == ["there are more than 512 rules"])
    }

    @Test(arguments: [
        "((a{255}){255}){255}", String(repeating: "(", count: 300) + String(repeating: ")", count: 300),
    ])
    func `a pattern that would take all memory is an error`(pattern: String) {
        let reading = Reading("#!subst \"/\(pattern)/x/\"")
        #expect(reading.diagnostics.all.map(\.what) == ["the pattern of this rule is too large"])
    }

    private struct SplitMix: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }
}
