// SPDX-License-Identifier: Apache-2.0
import Cfg_rpcLogic
import Testing

@Suite struct CfgRpcTests {
    @Test func `cfg_set takes digits for a number and a number for a text`() {
        #expect(SettingValue.text("42").fitted(toNumber: true) == .int(42))
        #expect(SettingValue.text("x").fitted(toNumber: true) == .text("x"))
        #expect(SettingValue.int(42).fitted(toNumber: false) == .text("42"))
        #expect(SettingValue.int(42).fitted(toNumber: true) == .int(42))
    }

    @Test func `a group may have an instance (manual of cfg_rpc)`() {
        #expect(GroupName.canonical("tm") == "tm")
        #expect(GroupName.canonical("g[ 02 ]") == "g[2]")
        for wrong in ["", "g[", "g[]", "g[x]", "g[-1]", "[1]", "g[1]x", "g[99999999999]"] {
            #expect(GroupName.canonical(wrong) == nil, "\(wrong)")
        }
    }

    @Test func `of delayed changes the last one of a setting counts`() {
        var staged = Staged()
        staged.stage(.init(index: 1, value: .int(1)))
        staged.stage(.init(index: 2, value: .text("a")))
        staged.stage(.init(index: 1, value: .int(3)))
        #expect(staged.changes == [.init(index: 2, value: .text("a")), .init(index: 1, value: .int(3))])
        let wasThere = staged.drop(2)
        let isThere = staged.drop(2)
        #expect(wasThere && !isThere)
        staged.dropAll()
        #expect(staged.changes == [])
    }
}
