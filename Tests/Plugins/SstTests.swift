// SPDX-License-Identifier: Apache-2.0
import PluginKit
import SstLogic
import Testing

/// What a Session-Expires says: "1800", "1800 uac"; or why it says nothing.
private func expires(_ body: StaticString) -> String {
    do throws(Malformed) {
        let value = try SessionExpires(Text(body))
        return "\(value.interval)" + (value.refresher.map { $0 == .uac ? " uac" : " uas" } ?? "")
    } catch {
        return "\(error)"
    }
}

private func minimum(_ body: StaticString) -> String {
    do throws(Malformed) { return "\(try MinSE(Text(body)).interval)" } catch { return "\(error)" }
}

private func hasTimer(_ body: StaticString) -> Bool { OptionTags.contain("timer", Text(body)) }

@Suite struct SessionExpiresTests {
    @Test func `it is a number of seconds and who refreshes (RFC 4028, 4)`() {
        #expect(expires("1800") == "1800")
        #expect(expires("4000;refresher=uac") == "4000 uac")
        #expect(expires("4000;refresher=uas") == "4000 uas")
        #expect(expires("0") == "0")
        #expect(expires("0090") == "90")
        #expect(expires("4294967295") == "4294967295")
    }

    @Test func `names and values have no case, and blanks may stand where RFC 3261 lets them`() {
        #expect(expires("  1800  ") == "1800")
        #expect(expires("1800 ;refresher=uac") == "1800 uac")
        #expect(expires("1800\t; \tRefresher = UAS ") == "1800 uas")
        #expect(expires("1800\r\n ;refresher\r\n =\r\n uas") == "1800 uas")
    }

    @Test func `parameters that nobody knows are passed over, whatever their shape`() {
        #expect(expires("1800;foo;refresher=uac;bar=baz") == "1800 uac")
        #expect(expires("1800;x=\"; refresher=uas\";refresher=uac") == "1800 uac")
        #expect(expires("1800;x=\"a\\\"b;c\" ; y=[2001:db8::1]:5060") == "1800")
        #expect(expires("1800;refreshers=none") == "1800")
    }

    @Test func `what is no number of seconds is malformed, and none wraps around to a small one`() {
        for body in ["", " ", ";refresher=uac", "-1", "+90", "soon", "٩٠"] as [StaticString] {
            #expect(expires(body) == "noNumber", "\(body)")
        }
        for body in [
            "4294967296", "4294967306", "9223372036854775808", "18446744073709551706",
            "100000000000000000000000000000000000000000000090",
        ] as [StaticString] {
            #expect(expires(body) == "noNumber", "\(body)")
        }
    }

    @Test func `what follows the number has to be parameters`() {
        for body in [
            "90 1800", "90,1800", "1800;", "1800;;refresher=uac", "1800;=uac", "90s", "90.5", "1800;x=",
            "1800;x=\"a",
            "1800;x=\"a\\", "1800;refresher=", "1800 refresher=uac", "1800;x=a b", "1800;refresher=uac, 90",
            "0x90",
        ] as [StaticString] {
            #expect(expires(body) == "noParameter", "\(body)")
        }
    }

    @Test func `there are two refreshers, and one may be named`() {
        for body in [
            "1800;refresher", "1800;refresher=both", "1800;refresher=\"uac\"",
            "1800;refresher=uac;refresher=uas",
        ] as [StaticString] {
            #expect(expires(body) == "badRefresher", "\(body)")
        }
    }

    @Test func `where the number stands is known, so that it alone can be changed`() throws {
        let value = try SessionExpires(Text("  60 ;refresher=uac"))
        #expect(value.numberStart == 2)
        #expect(value.numberEnd == 4)
    }

    @Test func `Min-SE may have parameters, too (RFC 4028, 5)`() {
        #expect(minimum("90") == "90")
        #expect(minimum(" 120 ; why=\"x\" ;lr") == "120")
        #expect(minimum("90, 120") == "noParameter")
        #expect(minimum("many") == "noNumber")
        #expect(minimum("9223372036854775807") == "noNumber")
    }

    @Test func `timer is looked for in lists of option tags`() {
        #expect(hasTimer("timer"))
        #expect(hasTimer("100rel, Timer ,replaces"))
        #expect(!hasTimer("timers, 100rel"))
        #expect(!hasTimer(""))
        #expect(!hasTimer(",,"))
    }
}

private func act(
    _ expires: Int? = nil, min minimum: Int? = nil, supported: Bool = false,
    policy: Policy = Policy(minimum: 1800)
) -> SessionRequest.Action {
    SessionRequest(expires: expires, minimum: minimum, isSupported: supported).action(policy)
}

@Suite struct SessionRequestTests {
    @Test func `a minimum below 90 seconds is 90 (RFC 4028, 5)`() {
        #expect(Policy(minimum: 10).minimum == 90)
        #expect(Policy(minimum: -1).minimum == 90)
        #expect(Policy(minimum: 91).minimum == 91)
        #expect(Policy(minimum: 1800).wanted == 1800)
        #expect(Policy(minimum: 1800, interval: 600).wanted == 1800)
        #expect(Policy(minimum: 1800, interval: 3600).wanted == 3600)
    }

    @Test func `where nobody asked for a timer one is asked for, never below Min-SE (RFC 4028, 8.1)`() {
        #expect(act() == .insert(interval: 1800))
        #expect(act(supported: true) == .insert(interval: 1800))
        #expect(act(min: 3000) == .insert(interval: 3000))
        #expect(act(min: 90) == .insert(interval: 1800))
        #expect(act(policy: Policy(minimum: 90, interval: 600)) == .insert(interval: 600))
        #expect(act(min: 900, policy: Policy(minimum: 90, interval: 600)) == .insert(interval: 900))
    }

    @Test func `an interval that is long enough passes untouched`() {
        #expect(act(1800) == .pass(interval: 1800))
        #expect(act(1800, min: 1800, supported: true) == .pass(interval: 1800))
        #expect(act(86_400, min: 90) == .pass(interval: 86_400))
    }

    @Test func `one that is too short is refused with the proxy's own minimum when timer is supported`() {
        #expect(act(1799, supported: true) == .refuse(minimum: 1800))
        #expect(act(0, supported: true) == .refuse(minimum: 1800))
        #expect(act(100, min: 3000, supported: true) == .refuse(minimum: 1800))
    }

    @Test func `Min-SE and Session-Expires are both raised when timer is not supported, and never lowered`() {
        #expect(act(100) == .raiseBoth(interval: 1800))
        #expect(act(100, min: 120) == .raiseBoth(interval: 1800))
        #expect(act(100, min: 3000) == .raiseBoth(interval: 3000))
        #expect(act(2000, min: 3000) == .raise(interval: 3000))
    }

    @Test
    func `with reject_to_small 0 Min-SE stays alone where timer is supported, and 90 holds all the same`() {
        let lenient = Policy(minimum: 1800, refuses: false)
        #expect(act(100, supported: true, policy: lenient) == .pass(interval: 100))
        #expect(act(60, supported: true, policy: lenient) == .raise(interval: 90))
        #expect(act(60, min: 120, supported: true, policy: lenient) == .raise(interval: 120))
        #expect(act(60, min: 10, supported: true, policy: lenient) == .raise(interval: 90))
        #expect(act(100, policy: lenient) == .raiseBoth(interval: 1800))
    }

    @Test func `sstCheckMin finds too small what is there and below the minimum, and nothing else`() {
        func isTooSmall(_ expires: Int?, _ minimum: Int?) -> Bool {
            SessionRequest(expires: expires, minimum: minimum, isSupported: true).isTooSmall(
                Policy(minimum: 1800))
        }
        #expect(isTooSmall(60, nil))
        #expect(isTooSmall(1799, 1800))
        #expect(isTooSmall(3000, 120))
        #expect(isTooSmall(nil, 120))
        #expect(!isTooSmall(1800, nil))
        #expect(!isTooSmall(3000, 2500))
        #expect(!isTooSmall(nil, nil))
    }
}

private func answer(
    _ status: Int = 200, _ expires: SessionReply.Expires = .absent, asked: Int = 1800, supported: Bool = true,
    initial: Bool = false
) -> SessionReply.Action {
    SessionReply(status: status, expires: expires, isInitial: initial, asked: asked, isSupported: supported)
        .action
}

@Suite struct SessionReplyTests {
    @Test func `the interval in the 2xx is that of the session, whatever was asked for (RFC 4028, 8.2)`() {
        #expect(answer(200, .seconds(1800)) == .expire(interval: 1800))
        #expect(answer(202, .seconds(90), supported: false) == .expire(interval: 90))
        #expect(answer(200, .seconds(3600)) == .expire(interval: 3600))
        #expect(answer(200, .seconds(600), asked: 0) == .expire(interval: 600))
    }

    @Test func `the first proxy that sees a callee without timers tells the caller to refresh`() {
        #expect(answer() == .insert(interval: 1800))
        #expect(answer(initial: true) == .insert(interval: 1800))
    }

    @Test func `where neither side supports timers nothing is added, and no timer runs`() {
        #expect(answer(supported: false) == .untimed)
    }

    @Test func `what cannot be used in a 2xx counts as what was asked for, and gets no second header`() {
        #expect(answer(200, .malformed) == .expire(interval: 1800))
        #expect(answer(200, .seconds(0)) == .expire(interval: 1800))
        #expect(answer(200, .malformed, asked: 0) == .nothing)
    }

    @Test func `a refresh that failed changes nothing, unless the other side is gone (RFC 4028, 10)`() {
        for status in [100, 183, 300, 401, 422, 488, 491, 500, 503, 603] {
            #expect(answer(status, .seconds(90)) == .nothing, "\(status)")
        }
        #expect(answer(481) == .end)
        #expect(answer(408) == .end)
        #expect(answer(408, initial: true) == .nothing)
        #expect(answer(481, initial: true) == .nothing)
    }
}

@Suite struct SessionStateTests {
    @Test func `it is one word, and comes back from it`() {
        var state = SessionState()
        #expect(SessionState(word: state.word) == state)
        #expect(state.word == 0)
        state.isManaged = true
        state.interval = 4_294_967_295
        state.requester = .proxy
        state.supporters = [.caller, .callee]
        state.refresher = .callee
        state.alive = .callee
        #expect(SessionState(word: state.word) == state)
        #expect(SessionState(word: .max).refresher == .unknown)
    }

    @Test func `the grace period is a third of the interval at most (RFC 4028, 10)`() {
        var state = SessionState()
        state.interval = 1800
        #expect(state.grace(32) == 32)
        #expect(state.grace(0) == 0)
        state.interval = 90
        #expect(state.grace(32) == 30)
        state.interval = 2
        #expect(state.grace(32) == 0)
    }

    @Test func `what is remembered of a request is told from nothing`() {
        #expect(RequestMemory(word: 0) == nil)
        let memory = RequestMemory(asked: 0, isSupported: false)
        #expect(RequestMemory(word: memory.word) == memory)
        let other = RequestMemory(asked: 2400, isSupported: true)
        #expect(RequestMemory(word: other.word) == other)
    }
}
