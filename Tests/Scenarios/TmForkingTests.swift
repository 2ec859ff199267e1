// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

private let fork = """
    $var(bob) = $(hdr(X-Bob));
    $var(carol) = $(hdr(X-Carol));
    $ru = $var(bob);
    append_branch($var(carol));
    t_on_failure("MANAGE");
    t_on_reply("ANSWER");
    t_relay();
    """
private let blocks = """
    failure_route[MANAGE] {
        xlog("L_WARN", "failed with $T_reply_code\\n");
    }
    onreply_route[ANSWER] {
        append_hf("X-Answer: $rs\\r\\n");
    }
    """

/// A caller, two callees, and their server.
private struct Party {
    let server: Server
    let alice, bob, carol: Client
    let invite: Request

    init(_ script: String = fork, _ more: String = blocks, parameters: String = "") throws {
        server = try tmServer(
            script, more, parameters: parameters, plugins: ["sl", "textops", "corex", "xlog", "pv", "ctl"])
        alice = try Client()
        bob = try Client()
        carol = try Client()
        let (bob, carol) = (bob, carol)
        invite = Request("INVITE", "sip:b@example.com", from: alice).with {
            $0.lines = ["X-Bob: sip:b@\(bob.text)", "X-Carol: sip:b@\(carol.text)"]
        }
    }

    func call() throws -> (Packet, Packet) {
        alice.send(invite, to: server.udp)
        return (try bob.receive("INVITE"), try carol.receive("INVITE"))
    }
}

@Suite struct TmForkingTests {
    @Test(arguments: [(404, 486, 404), (302, 404, 302), (500, 404, 404), (407, 486, 407), (486, 603, 603)])
    func `of two refusals the better one goes back`(first: Int, second: Int, wins: Int) throws {
        let party = try Party()
        let (toBob, toCarol) = try party.call()
        #expect(toBob.branch?.hasSuffix(".0") == true)
        #expect(toCarol.branch?.hasSuffix(".1") == true)
        party.bob.answer(first, "B", to: toBob, party.server)
        _ = try party.bob.receive("ACK")
        party.carol.answer(second, "C", to: toCarol, party.server)
        _ = try party.carol.receive("ACK")
        let answer = try party.alice.receive("\(wins)")
        #expect(answer.reason == (wins == first ? "B" : "C"))
        #expect(answer["X-Answer"] == "\(wins)")
        #expect(party.server.logs("failed with \(wins)"))
    }

    @Test func `who answers first has the call, and the other is cancelled`() throws {
        let party = try Party()
        let (toBob, toCarol) = try party.call()
        party.carol.answer(180, "Ringing", to: toCarol, party.server)
        _ = try party.alice.receive("180")
        party.bob.answer(200, "OK", to: toBob, party.server)
        _ = try party.alice.receive("200")
        let cancel = try party.carol.receive("CANCEL")
        #expect(cancel.branch == toCarol.branch)
        #expect(cancel["Reason"]?.hasPrefix("SIP;cause=200") == true)
    }

    @Test func `a silent branch does not turn the refusal of another into 408`() throws {
        let party = try Party(parameters: "modparam(\"tm\", \"fr_timer\", 700)")
        let (toBob, _) = try party.call()
        party.bob.answer(486, "Busy Here", to: toBob, party.server)
        #expect(try party.alice.receive("486").reason == "Busy Here")
    }

    @Test func `a 6xx ends the other branches`() throws {
        let party = try Party()
        let (toBob, toCarol) = try party.call()
        party.carol.answer(180, "Ringing", to: toCarol, party.server)
        party.bob.answer(603, "Decline", to: toBob, party.server)
        let cancel = try party.carol.receive("CANCEL")
        #expect(cancel["Reason"] == nil)
        party.carol.answer(200, "OK", to: cancel, party.server)
        party.carol.answer(487, "Request Terminated", to: toCarol, party.server)
        #expect(try party.alice.receive("603").reason == "Decline")
    }

    @Test func `two challenges go back as one, and 503 as 500`() throws {
        let party = try Party()
        let (toBob, toCarol) = try party.call()
        let server = party.server
        party.bob.send(
            Request.reply(401, "No", to: toBob, "WWW-Authenticate: Digest realm=\"b\""), to: server.udp)
        party.carol.send(
            Request.reply(401, "No", to: toCarol, "WWW-Authenticate: Digest realm=\"c\""), to: server.udp)
        let answer = try party.alice.receive("401")
        #expect(answer.reason == "Unauthorized")
        #expect(Set(answer.all("WWW-Authenticate")) == ["Digest realm=\"b\"", "Digest realm=\"c\""])

        let other = try Party()
        let (first, second) = try other.call()
        other.bob.answer(503, "Overload", to: first, other.server)
        other.carol.answer(503, "Overload", to: second, other.server)
        #expect(try other.alice.receive("500").reason == "Service Unavailable")
        #expect(other.server.logs("failed with 503"))
    }

    @Test func `failure_route tries the next one, whose answer counts`() throws {
        let party = try Party(
            """
            $avp(next) = $(hdr(X-Carol));
            $ru = $(hdr(X-Bob));
            t_on_failure("NEXT");
            t_relay();
            """,
            """
            failure_route[NEXT] {
                if (t_is_canceled()) exit;
                if (t_check_status("486")) {
                    t_on_branch("EDIT");
                    append_branch($avp(next));
                    t_relay();
                }
            }
            branch_route[EDIT] {
                append_hf("X-Branch: $T_branch_idx\\r\\n");
            }
            """)
        party.alice.send(party.invite, to: party.server.udp)
        let toBob = try party.bob.receive("INVITE")
        party.bob.answer(486, "Busy", to: toBob, party.server)
        let toCarol = try party.carol.receive("INVITE")
        #expect(toCarol["X-Branch"] == "1")
        #expect(toCarol.branch?.hasSuffix(".1") == true)
        party.carol.answer(488, "Not Here", to: toCarol, party.server)
        #expect(try party.alice.receive("488").reason == "Not Here")
    }

    @Test func `failure_route may answer itself`() throws {
        let party = try Party(
            "$ru = $(hdr(X-Bob)); t_on_failure(\"F\"); t_relay();",
            "failure_route[F] { t_reply(\"480\", \"Try Later\"); }")
        party.alice.send(party.invite, to: party.server.udp)
        let toBob = try party.bob.receive("INVITE")
        party.bob.answer(404, "Not Found", to: toBob, party.server)
        #expect(try party.alice.receive("480").reason == "Try Later")
    }
}
