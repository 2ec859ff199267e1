// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import Testing

@testable import XlogLogic

private func said(_ word: String) -> Host.Level? { word.withRaw { Level.of(word: Text(unchecked: $0)) } }
private func said(_ value: mt_value) -> Host.Level? { Level.of(Value(unchecked: value)) }
private func looksLikeOne(_ text: String) -> Bool { text.withRaw { Level.looksLikeOne(Text(unchecked: $0)) } }
private func isFacility(_ text: String) -> Bool { text.withRaw { Facility.isKnown(Text(unchecked: $0)) } }

@Suite struct XlogLevelTests {
    @Test(arguments: [
        ("L_ALERT", Host.Level.error), ("L_BUG", .error), ("L_CRIT", .error), ("L_ERR", .error),
        ("L_WARN", .warning),
        ("L_NOTICE", .notice), ("L_INFO", .info), ("L_DBG", .debug), ("L_E", .error),
    ])
    func `the third letter says the level`(word: String, level: Host.Level) {
        #expect(said(word) == level)
    }

    @Test(arguments: ["L_XYZ", "L_", "L", "", "l_err", "L_err", "ERR", "L_ERR text"])
    func `other words are no level`(word: String) {
        #expect(said(word) == nil)
    }

    @Test func `a word that was meant as a level can be told from text`() {
        #expect(looksLikeOne("L_XYZ"))
        #expect(!looksLikeOne("L_ERR: text"))
    }

    @Test(arguments: [
        (-5, Host.Level.error), (-1, .error), (0, .warning), (1, .notice), (2, .info), (3, .debug),
        (9, .debug),
    ])
    func `numbers are those of debug`(number: Int, level: Host.Level) {
        #expect(Level.of(number) == level)
        #expect(said(mt_value(number)) == level)
        #expect(String(number).withRaw { said(mt_value($0)) } == level)
    }
}

@Suite struct XlogMethodFilterTests {
    @Test func `a set has the methods whose bits it has`() {
        #expect(MethodFilter.has(.invite, 1))
        #expect(MethodFilter.has(.options, 512 + 1))
        #expect(!MethodFilter.has(.bye, 512 + 1))
        #expect(!MethodFilter.has(.invite, 0))
    }

    @Test func `below zero it is empty`() { #expect(!MethodFilter.has(.invite, -1)) }
}

@Suite struct XlogFacilityTests {
    @Test func `facilities are the words of syslog`() {
        #expect(isFacility("LOG_LOCAL3"))
        #expect(!isFacility("LOG_LOCAL8"))
    }
}
