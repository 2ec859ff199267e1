// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// The call flows of RFC 4028 through the sample files of three dialects, as they stand: min_se is 2400 in all.
@Suite struct SstSampleTests {
    static let samples = [
        "sst-openser.cfg", "sst-kamailio.cfg", "sst-kamailio-drop.cfg", "sst-allparams.cfg",
        "sst-opensips.cfg",
    ]

    /// Nil, with a word about it, where the samples are not.
    private func serve(_ name: String) throws -> Server? {
        guard let file = Repository.shared("data/configs/" + name) else {
            print("\(name): not there, nothing to run in ../shared/data/configs")
            return nil
        }
        return try Server(file: file, listen: ["udp:127.0.0.1:0"], ["-n", "1", "--strict"])
    }

    @Test(arguments: samples) func `too short an interval goes no further (RFC 4028, 8.1)`(name: String)
        throws
    {
        guard let server = try serve(name) else { return }
        let call = try TestCall(server)
        call.send("Supported: timer", "Session-Expires: 1000")
        if name == "sst-kamailio-drop.cfg" {
            // sstCheckMin("0") tells without answering.
            #expect(server.logs("Session Timer Too Small, dropping request"))
        } else {
            let refusal = try call.alice.receive()
            #expect(refusal.startLine == "SIP/2.0 422 Session Interval Too Small")
            #expect(refusal.all("Min-SE") == ["2400"])
            #expect(server.logs("422 Session Timer Too Small reply sent."))
            call.alice.send(call.initial.follower("ACK", to: refusal["To"]), to: server.udp)
        }
        #expect(call.bob.isSilent(for: 0.2))
        #expect(call.alice.isSilent(for: 0))
    }

    @Test(arguments: samples) func `the retry with Min-SE passes as it is`(name: String) throws {
        guard let server = try serve(name) else { return }
        let call = try TestCall(server)
        let invite = try call.invite("k: timer", "x: 2400;refresher=uac;foo=bar", "Min-SE: 2400")
        #expect(invite["x"] == "2400;refresher=uac;foo=bar")
        #expect(invite["k"] == "timer")
        #expect(invite.all("Session-Expires") == [])
        #expect(invite["Min-SE"] == "2400")
        let ok = try call.answer(invite, "Session-Expires: 2400;refresher=uac", "Require: timer")
        #expect(ok["Session-Expires"] == "2400;refresher=uac")
        #expect(ok.all("Require") == ["timer"])
        #expect(server.complaints == [])
    }

    @Test(arguments: samples)
    func `an interval is asked for when nobody did, and nothing added where neither side supports timers`(
        name: String
    ) throws {
        guard let server = try serve(name) else { return }
        let call = try TestCall(server)
        let invite = try call.invite()
        #expect(invite.all("Session-Expires") == ["2400"])
        #expect(invite["Min-SE"] == nil)
        #expect(invite["Supported"] == nil)
        #expect(invite["Require"] == nil)
        let ok = try call.answer(invite)
        #expect(ok["Session-Expires"] == nil)
        #expect(ok["Require"] == nil)
    }

    @Test(arguments: samples)
    func `the first proxy tells a caller with timers to refresh when the callee has none (RFC 4028, 8.2)`(
        name: String
    ) throws {
        guard let server = try serve(name) else { return }
        let call = try TestCall(server)
        let invite = try call.invite("Supported: 100rel, timer")
        #expect(invite["Session-Expires"] == "2400")
        #expect(invite.all("Supported") == ["100rel, timer"])
        let ok = try call.answer(invite)
        #expect(ok.all("Session-Expires") == ["2400;refresher=uac"])
        #expect(ok.all("Require") == ["timer"])
    }

    @Test(arguments: samples) func `refreshes by UPDATE and re-INVITE pass, from either side`(name: String)
        throws
    {
        guard let server = try serve(name) else { return }
        let call = try TestCall(server)
        try call.establish(
            ["Supported: timer", "Session-Expires: 3600"], answered: "Session-Expires: 3600;refresher=uac",
            "Require: timer")
        let ok = try call.refresh(
            from: .alice, ["Supported: timer", "Session-Expires: 3600;refresher=uac"],
            answered: "Session-Expires: 3000;refresher=uac", "Require: timer")
        #expect(ok["Session-Expires"] == "3000;refresher=uac")
        // One without Session-Expires gets it here, and the reply as well.
        let other = try call.refresh("INVITE", from: .bob, ["Supported: timer"])
        #expect(other["Session-Expires"] == "2400;refresher=uac")
        #expect(other["Require"] == "timer")
        #expect(server.complaints == [])
    }

    @Test(arguments: samples) func `a refresh that is too short is refused inside the call, too`(name: String)
        throws
    {
        guard let server = try serve(name) else { return }
        let call = try TestCall(server)
        try call.establish(
            ["Supported: timer", "Session-Expires: 3600"], answered: "Session-Expires: 3600;refresher=uac",
            "Require: timer")
        let request = call.request("INVITE", from: .alice, ["Supported: timer", "Session-Expires: 120"])
        call.alice.send(request, to: server.udp)
        // reject_to_small is 0 there: it passes as it is.
        guard name != "sst-allparams.cfg" else {
            #expect(try call.bob.receive("INVITE")["Session-Expires"] == "120")
            return
        }
        let refusal = try call.alice.receive("422")
        #expect(refusal["Min-SE"] == "2400")
        call.alice.send(request.follower("ACK"), to: server.udp)
        // Neither the request nor its ACK goes on.
        #expect(call.bob.isSilent(for: 0.3))
    }

    @Test(arguments: samples) func `sst says what it misses when dialog or sl come later`(name: String) throws
    {
        guard let file = Repository.shared("data/configs/" + name) else { return }
        for module in ["dialog", "sl"] {
            let scratch = try Scratch()
            let line = "loadmodule \"\(module).so\"\n"
            let sst = "loadmodule \"sst.so\"\n"
            let text = try String(contentsOfFile: file, encoding: .utf8).replacingOccurrences(
                of: line, with: "")
            // signaling brings sl along.
            if module == "sl", text.contains("signaling.so") { continue }
            let output = try martlet("check", scratch.file("a.cfg", with: text))
            #expect(output.status == 1)
            #expect(
                output.err.contains("needs \"\(module)\" 1.0 or later, and no earlier line loads it"),
                "\(output.err)")
            let later = text.replacingOccurrences(of: sst, with: sst + line)
            let second = try martlet("check", scratch.file("b.cfg", with: later))
            #expect(second.status == 1)
            #expect(
                second.err.contains(
                    "error: sst needs \"\(module)\" 1.0 or later, and no earlier line loads it"))
            #expect(second.err.contains("help: move line "))
        }
    }
}
