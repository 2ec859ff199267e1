// SPDX-License-Identifier: Apache-2.0
import PluginKit
import ScaLogic
import Testing

// MARK: - vocabulary

/// What a Call-Info says: "2", "any held-private"; "nothing", or "malformed".
private func callInfo(_ body: StaticString) -> String {
    do throws(CallInfo.Malformed) {
        guard let found = try CallInfo.read(Text(body)) else { return "nothing" }
        let index =
            switch found.index {
            case .any: "any"
            case .number(let number): "\(number)"
            }
        return index + (found.state.map { " \($0.word)" } ?? "")
    } catch {
        return "malformed"
    }
}

private func line(_ uri: StaticString) -> String? {
    guard let name = LineName(Text(uri)) else { return nil }
    return name.aor
}

/// A line with telephones a, b and c, and a clock.
private final class Office {
    let calls = CallTable()
    let group: Group
    var now: Int64 = 1_000_000
    private var number: UInt32 = 0
    private var sequence: [String: UInt32] = [:]

    init(maximum: Int = 0) {
        group = Group(LineName(Text("sip:desk@sca.example" as StaticString))!, calls)
        group.maximum = maximum
    }

    static func contact(_ phone: String) -> String { "sip:desk@192.0.2.\(phone):5060" }

    @discardableResult
    func subscribe(
        _ phone: String, _ package: Package = .callInfo, _ index: CallInfo.Index? = nil, expires: Int = 3600,
        tag: String = "", again: Bool = false, callID: String? = nil
    ) -> SubscribeAnswer {
        let key = "\(phone) \(package.word)"
        if !again { sequence[key, default: 0] += 1 }
        number += 1
        var request = SubscribeRequest(
            package, contact: Self.contact(phone), callID: callID ?? "\(key)", fromTag: phone,
            sequence: sequence[key]!, expires: expires)
        request.toTag = tag
        request.newTag = "srv-\(phone)-\(package.word)"
        request.index = index
        return group.subscribe(request, number: number, at: now)
    }

    /// What is sent now, "11 call-info 1 seized; * idle".
    func notices() -> [String] {
        group.takeNotices(for: 0, at: now).map { notice in
            _ = notice.number == 0 || group.notified(notice.number, status: 200, at: now)
            let phone = notice.contact.split(separator: "@")[1].split(separator: ":")[0].split(
                separator: ".")[3]
            let info = notice.callInfo.split(separator: ",").map { value in
                value.split(separator: ";").dropFirst().map { $0.split(separator: "=")[1] }.joined(
                    separator: " ")
            }.joined(separator: "; ")
            return "\(phone) \(notice.package.word) \(info) | \(notice.state)"
        }
    }

    func states() -> String {
        group.appearances.map { "\($0.index) \($0.state.word)" }.joined(separator: ", ")
    }

    func call(_ name: String) -> CallName { CallName(callID: name, fromTag: "from-\(name)") }

    /// An outgoing call that is answered.
    func connect(_ phone: String, _ index: Int, _ name: String) {
        subscribe(phone, .lineSeize, .number(index), expires: 15)
        _ = group.dial(.number(index), owner: Self.contact(phone), call(name), at: now)
        group.progress(index, name, at: now)
        _ = group.answered(
            index, name, tag: "to-\(name)", farContact: "sip:carol@198.51.100.9",
            display: "Carol <sip:carol@far.example>",
            at: now)
    }

    func hold(_ index: Int, _ name: String, private isPrivate: Bool = false) {
        group.reinvited(
            index, name, fromTag: "from-\(name)", toTag: "to-\(name)", sequence: 2, isHeld: true,
            wish: isPrivate ? .heldPrivate : nil, at: now)
    }
}

// MARK: - what stands in messages

@Suite struct CallInfoTests {
    @Test func `it names an appearance, and perhaps a state`() {
        #expect(callInfo("<sip:sca.example>;appearance-index=2") == "2")
        #expect(
            callInfo("<sip:sca.example>;appearance-index=1;appearance-state=held-private") == "1 held-private"
        )
        #expect(
            callInfo(
                "<sip:sca.example>;appearance-index=1;appearance-state=held;appearance-uri=\"Bob <sip:b@x>\"")
                == "1 held")
        #expect(callInfo("<sip:sca.example>;appearance-index=*") == "any")
        #expect(callInfo("<sip:sca.example>;appearance-index=0") == "any")
    }

    @Test func `parameters stand in any order, with blanks, in lists, for sips and beside others`() {
        #expect(callInfo("<sips:sca.example>;appearance-state=held;appearance-index=3") == "3 held")
        #expect(callInfo(" <sip:sca.example> ; Appearance-Index = 3 ; x ; y=\"a,;b\"") == "3")
        #expect(callInfo("<sip:sca.example>;appearance-index=*,<sip:x>;appearance-index=2") == "any")
        #expect(
            callInfo("<http://www.example.com/alice/photo.jpg> ;purpose=icon, <sip:x>;appearance-index=2")
                == "2")
        #expect(callInfo("<http://www.example.com/alice/photo.jpg>;purpose=icon") == "nothing")
        #expect(callInfo("<sip:sca.example>") == "nothing")
    }

    @Test(arguments: [
        "", "sip:x;appearance-index=1", "<sip:x", "<sip:x>;", "<sip:x>;appearance-index",
        "<sip:x>;appearance-index=",
        "<sip:x>;appearance-index=a", "<sip:x>;appearance-index=-1", "<sip:x>;appearance-index=65536",
        "<sip:x>;appearance-index=99999999999999999999", "<sip:x>;appearance-index=1;appearance-index=2",
        "<sip:x>;appearance-index=1;appearance-state=busy", "<sip:x>;appearance-index=1 <sip:y>",
        "<sip:x>;appearance-index=1;appearance-uri=\"open", "<>;appearance-index=1", "<sip:x>,", ",",
    ])
    func `what cannot be read is malformed, or about nothing`(body: String) {
        body.withRaw { raw in
            // Neither is an answer here.
            let found = (try? CallInfo.read(Text(unchecked: raw))) ?? nil
            #expect(found == nil, "\(body)")
        }
    }

    @Test func `what is written tells busy ones in order, and that the others are idle`() {
        let office = Office()
        #expect(office.group.callInfo == "<sip:sca.example>;appearance-index=*;appearance-state=idle")
        office.connect("11", 2, "a")
        office.subscribe("12", .lineSeize, .number(1))
        #expect(
            office.group.callInfo
                == "<sip:sca.example>;appearance-index=1;appearance-state=seized,"
                + "<sip:sca.example>;appearance-index=2;appearance-state=active;"
                + "appearance-uri=\"Carol <sip:carol@far.example>\","
                + "<sip:sca.example>;appearance-index=*;appearance-state=idle")
    }

    @Test func `a display name is quoted once, and cannot leave its quotes`() {
        func display(_ name: StaticString, _ uri: StaticString) -> String {
            CallInfo.display(name: Text(name), uri: Text(uri))
        }
        #expect(display("\"Bob\"", "sip:bob@example.net") == "Bob <sip:bob@example.net>")
        #expect(display("", "sip:bob@example.net") == "<sip:bob@example.net>")
        #expect(display("\"Bob \\\"B\\\"\"", "sip:b@x") == "Bob \\\"B\\\" <sip:b@x>")
        #expect(display("Bob\"", "sip:b\"@x") == "Bob\\\" <sip:b@x>")
    }
}

@Suite struct LineNameTests {
    @Test func `a line is user and host of a URI`() {
        #expect(line("sip:desk@sca.example") == "sip:desk@sca.example")
        #expect(line("<sips:desk:secret@sca.example:5061;transport=tls?x=y>") == "sip:desk@sca.example")
        #expect(line("sip:desk;phone-context=1@sca.example;x") == "sip:desk;phone-context=1@sca.example")
        #expect(line("sip:sca.example;lr") == "sip:sca.example")
        #expect(line("sip:desk@[2001:db8::1]:5060") == "sip:desk@[2001:db8::1]")
        #expect(line("tel:+361") == nil)
        #expect(line("<sips:s") == "sip:s" && line("sip:s") == "sip:s")
        #expect(line("sip:") == nil)
        #expect(line("sip:desk@") == nil)
        #expect(line("desk@sca.example") == nil)
    }

    @Test func `hosts have no case, users have (RFC 3261, 19.1.4)`() {
        let lines = Lines()
        _ = lines.make(LineName(Text("sip:Desk@sca.example" as StaticString))!) { _ in }
        #expect(lines.find(aor: "sip:Desk@SCA.Example:5080") != nil)
        #expect(lines.find(aor: "sip:desk@sca.example") == nil)
        #expect(lines.count == 1)
    }

    @Test func `lines that are called alike are different lines`() {
        let lines = Lines()
        for number in 0..<1000 {
            "sip:line\(number)@sca.example".withRaw { raw in
                #expect(lines.make(LineName(Text(unchecked: raw))!) { _ in } != nil, "\(number)")
            }
        }
        #expect(lines.count == 1000)
    }

    @Test func `telephones are told apart by user, host and port`() {
        #expect(isSamePhone("sip:desk@192.0.2.1", "sips:desk@192.0.2.1:5060;transport=tcp"))
        #expect(!isSamePhone("sip:desk@192.0.2.1", "sip:desk@192.0.2.1:5062"))
        #expect(!isSamePhone("sip:desk@192.0.2.1", "sip:desk2@192.0.2.1"))
        #expect(!isSamePhone("", "sip:desk2@192.0.2.1"))
    }
}

@Suite struct SessionHoldTests {
    private func held(_ lines: StaticString...) -> Bool? {
        let text = lines.map { "\($0)\r\n" }.joined()
        return text.withRaw { SessionHold.isHeld(Text(unchecked: $0)) }
    }

    @Test func `one way or nowhere is held (RFC 3264, 8.4), and so is the null address (RFC 2543)`() {
        #expect(held("v=0", "c=IN IP4 192.0.2.1", "m=audio 4000 RTP/AVP 0") == false)
        #expect(held("v=0", "c=IN IP4 0.0.0.0", "m=audio 4000 RTP/AVP 0") == true)
        #expect(held("v=0", "c=IN IP4 0.0.0.0", "m=audio 4000 RTP/AVP 0", "c=IN IP4 192.0.2.1") == false)
        #expect(held("v=0", "a=sendonly", "m=audio 4000 RTP/AVP 0") == true)
        #expect(held("v=0", "a=sendonly", "m=audio 4000 RTP/AVP 0", "a=sendrecv") == false)
        #expect(held("v=0", "m=audio 4000 RTP/AVP 0", "a=inactive") == true)
        #expect(held("v=0", "m=audio 4000 RTP/AVP 0", "m=video 4002 RTP/AVP 31", "a=sendonly") == true)
        #expect(held("v=0", "m=audio 4000 RTP/AVP 0", "m=video 0 RTP/AVP 31", "a=inactive") == false)
        #expect(held("v=0") == nil)
    }
}

// MARK: - subscriptions

@Suite struct SubscriptionTests {
    @Test func `each telephone is told how things are, with its own time left`() {
        let office = Office()
        #expect(office.subscribe("11") == .accepted(toTag: "srv-11-call-info", expires: 3600))
        office.now += 10_000
        office.subscribe("12", expires: 60)
        #expect(
            office.notices() == [
                "11 call-info * idle | active;expires=3590", "12 call-info * idle | active;expires=60",
            ])
        #expect(office.notices() == [])
    }

    @Test func `a SUBSCRIBE that comes again is answered again, and nothing else`() {
        let office = Office()
        office.subscribe("11")
        _ = office.notices()
        #expect(office.subscribe("11", again: true) == .repeated(toTag: "srv-11-call-info", expires: 3600))
        #expect(office.notices() == [])
        #expect(office.group.subscriptions.count == 1)
    }

    @Test func `a refresh in another dialog is unknown, and an older one out of order`() {
        let office = Office()
        office.subscribe("11")
        #expect(office.subscribe("11", tag: "other") == .unknown)
        #expect(
            office.subscribe("11", tag: "srv-11-call-info")
                == .accepted(toTag: "srv-11-call-info", expires: 3600))
        var old = SubscribeRequest(
            .callInfo, contact: Office.contact("11"), callID: "11 call-info", fromTag: "11", sequence: 1,
            expires: 9)
        old.toTag = "srv-11-call-info"
        #expect(office.group.subscribe(old, number: 9, at: office.now) == .outOfOrder)
    }

    @Test func `who unsubscribes hears once more, and the others do not hear of it`() {
        let office = Office()
        office.subscribe("11")
        office.subscribe("12")
        _ = office.notices()
        #expect(
            office.subscribe("11", expires: 0, tag: "srv-11-call-info")
                == .accepted(toTag: "srv-11-call-info", expires: 0))
        #expect(office.notices() == ["11 call-info * idle | terminated"])
        office.subscribe("12", .lineSeize, .number(1))
        #expect(
            office.notices() == [
                "12 call-info 1 seized; * idle | active;expires=3600",
                "12 line-seize 1 | active;expires=3600",
            ])
    }

    @Test func `who only asks is told and forgotten (RFC 6665, 4.4.3)`() {
        let office = Office()
        #expect(office.subscribe("11", expires: 0) == .accepted(toTag: "srv-11-call-info", expires: 0))
        #expect(office.notices() == ["11 call-info * idle | terminated;reason=timeout"])
        #expect(office.group.subscriptions.isEmpty)
    }

    @Test func `what has had its time ends at its time`() {
        let office = Office()
        office.subscribe("11", expires: 10)
        office.subscribe("12", expires: 20)
        _ = office.notices()
        office.now += 9_999
        #expect(office.group.expire(at: office.now) == office.now + 1)
        #expect(office.notices() == [])
        office.now += 1
        #expect(office.group.expire(at: office.now) == office.now + 10_000)
        #expect(office.notices() == ["11 call-info * idle | terminated;reason=timeout"])
    }

    @Test(arguments: [408, 481, 404, 489]) func `who does not know it or does not answer is left alone`(
        status: Int
    ) {
        let office = Office()
        office.subscribe("11")
        let notice = office.group.takeNotices(for: 0, at: office.now)[0]
        #expect(!office.group.notified(notice.number, status: status, at: office.now))
        #expect(office.group.subscriptions.isEmpty)
        #expect(office.notices() == [])
    }

    @Test(arguments: [200, 500, 503, 401]) func `other answers change nothing`(status: Int) {
        let office = Office()
        office.subscribe("11")
        let notice = office.group.takeNotices(for: 0, at: office.now)[0]
        #expect(office.group.notified(notice.number, status: status, at: office.now))
        #expect(office.group.subscriptions.count == 1)
    }

    @Test func `who does not answer gets few at a time, and the newest when he does`() {
        let office = Office()
        office.subscribe("11")
        var numbers: [UInt32] = []
        for index in 1...10 {
            _ = office.group.update(index, to: .active, display: nil, at: office.now)
            _ = office.group.seize(owner: "sip:x@y", at: office.now)
            numbers += office.group.takeNotices(for: 0, at: office.now).map(\.sequence)
        }
        #expect(numbers == [1, 2, 3, 4])
        let number = office.group.subscriptions[0].number
        _ = office.group.notified(number, status: 200, at: office.now)
        let last = office.group.takeNotices(for: 0, at: office.now)
        #expect(last.map(\.sequence) == [5])
        #expect(last[0].callInfo == office.group.callInfo)
    }

    @Test func `a telephone that starts anew has let go of its calls`() {
        let office = Office()
        office.subscribe("11")
        office.subscribe("12")
        office.connect("11", 1, "a")
        office.connect("12", 2, "b")
        _ = office.notices()
        office.subscribe("11", callID: "after the reboot")
        #expect(office.states() == "2 active")
        #expect(office.group.subscribers(.callInfo) == 2)
        #expect(office.notices().count == 2)
    }
}

// MARK: - seizing

@Suite struct SeizureTests {
    @Test func `one of two wins`() {
        let office = Office()
        #expect(
            office.subscribe("11", .lineSeize, .number(1), expires: 15)
                == .accepted(toTag: "srv-11-line-seize", expires: 15))
        #expect(office.subscribe("12", .lineSeize, .number(1), expires: 15) == .busy)
        #expect(office.subscribe("11", .lineSeize, .number(1), expires: 15, callID: "again") == .busy)
        #expect(office.group.appearances.map(\.owner) == [Office.contact("11")])
    }

    @Test func `whichever is free is the lowest`() {
        let office = Office()
        office.subscribe("11", .lineSeize, .any)
        office.subscribe("12", .lineSeize, .number(3))
        office.subscribe("13", .lineSeize, .any)
        office.subscribe("14", .lineSeize, .any)
        #expect(office.states() == "1 seized, 2 seized, 3 seized, 4 seized")
    }

    @Test func `there are no more than the table says`() {
        let office = Office(maximum: 1)
        office.subscribe("11", .lineSeize, .number(5))
        #expect(office.subscribe("12", .lineSeize, .any) == .busy)
        #expect(office.group.alert(office.call("a"), farContact: "", display: "", at: office.now) == nil)
    }

    @Test func `after its seconds the line is free, and everybody hears of it`() {
        let office = Office()
        office.subscribe("12")
        office.subscribe("11", .lineSeize, .number(1), expires: 15)
        _ = office.notices()
        office.now += 15_000
        _ = office.group.expire(at: office.now)
        #expect(office.states() == "")
        #expect(
            office.notices() == [
                "11 line-seize 1 | terminated;reason=timeout", "12 call-info * idle | active;expires=3585",
            ])
    }

    @Test func `an unsubscribe gives the line back, unless a call has it`() {
        let office = Office()
        office.subscribe("11", .lineSeize, .number(1))
        office.subscribe("11", .lineSeize, expires: 0, tag: "srv-11-line-seize")
        #expect(office.states() == "")
        office.subscribe("11", .lineSeize, .number(1))
        #expect(
            office.group.dial(.number(1), owner: Office.contact("11"), office.call("a"), at: office.now) == 1)
        office.subscribe("11", .lineSeize, expires: 0, tag: "srv-11-line-seize")
        #expect(office.states() == "1 seized")
    }

    @Test func `a telephone that does not know its seizure does not have it`() {
        let office = Office()
        office.subscribe("11", .lineSeize, .number(1))
        let notice = office.group.takeNotices(for: 0, at: office.now)[0]
        _ = office.group.notified(notice.number, status: 481, at: office.now)
        #expect(office.states() == "")
    }
}

// MARK: - calls

@Suite struct SharedCallTests {
    @Test func `a call that the line makes is seized, progressing, active, and gone`() {
        let office = Office()
        office.subscribe("12")
        office.subscribe("11", .lineSeize, .number(2), expires: 15)
        _ = office.notices()
        #expect(
            office.group.dial(.number(2), owner: Office.contact("11"), office.call("a"), at: office.now) == 2)
        #expect(office.notices() == ["12 call-info 2 seized; * idle | active;expires=3600"])
        office.group.progress(2, "a", at: office.now)
        #expect(
            office.notices() == [
                "11 line-seize 2 | terminated;reason=noresource",
                "12 call-info 2 progressing; * idle | active;expires=3600",
            ])
        office.group.progress(2, "a", at: office.now)
        #expect(office.notices() == [])
        _ = office.group.answered(
            2, "a", tag: "to-a", farContact: "sip:carol@198.51.100.9", display: "<sip:carol@far.example>",
            at: office.now)
        #expect(
            office.notices() == [
                "12 call-info 2 active <sip:carol@far.example>; * idle | active;expires=3600".replacing(
                    "<", with: "\"<"
                ).replacing(">;", with: ">\";")
            ])
        office.group.ended(2, "a", "to-a", "from-a", at: office.now)
        #expect(office.notices() == ["12 call-info * idle | active;expires=3600"])
        #expect(office.calls.isEmpty)
    }

    @Test func `an answer without a ring ends the seizure as well`() {
        let office = Office()
        office.subscribe("11", .lineSeize, .number(1), expires: 15)
        _ = office.group.dial(.number(1), owner: Office.contact("11"), office.call("a"), at: office.now)
        _ = office.group.answered(1, "a", tag: "t", farContact: "", display: "", at: office.now)
        #expect(office.group.subscriptions.isEmpty)
        #expect(office.states() == "1 active")
        office.now += 20_000_000
        _ = office.group.expire(at: office.now)
        #expect(office.states() == "1 active")
    }

    @Test func `somebody else's appearance cannot be dialled with`() {
        let office = Office()
        office.subscribe("11", .lineSeize, .number(1))
        #expect(
            office.group.dial(.number(1), owner: Office.contact("12"), office.call("a"), at: office.now)
                == nil)
        // One that is free can, and who named none uses what he has seized.
        #expect(
            office.group.dial(.number(7), owner: Office.contact("12"), office.call("b"), at: office.now) == 7)
        #expect(office.group.dial(.any, owner: Office.contact("11"), office.call("c"), at: office.now) == 1)
    }

    @Test(arguments: [486, 404, 500, 603, 408, 487]) func `a call that fails leaves nothing behind`(
        status: Int
    ) {
        let office = Office()
        office.subscribe("11", .lineSeize, .number(1))
        _ = office.group.dial(.number(1), owner: Office.contact("11"), office.call("a"), at: office.now)
        office.group.progress(1, "a", at: office.now)
        office.group.failed(1, "a", status: status, at: office.now)
        #expect(office.states() == "")
        #expect(office.calls.isEmpty)
    }

    @Test
    func `who is asked for a password, or sent elsewhere, keeps the line for his next INVITE, for a while`() {
        let office = Office()
        for status in [401, 407, 302] {
            office.subscribe("11", .lineSeize, .number(1), expires: 15)
            _ = office.group.dial(.number(1), owner: Office.contact("11"), office.call("a"), at: office.now)
            office.group.failed(1, "a", status: status, at: office.now)
            #expect(office.states() == "1 seized")
            #expect(
                office.group.dial(.number(1), owner: Office.contact("11"), office.call("b"), at: office.now)
                    == 1)
            office.group.failed(1, "b", status: status, at: office.now)
            office.now += 15_000
            _ = office.group.expire(at: office.now)
            #expect(office.states() == "")
        }
    }

    @Test func `members see that the line rings, and who answers`() {
        let office = Office()
        office.subscribe("12")
        _ = office.notices()
        let index = office.group.alert(
            office.call("a"), farContact: "sip:carol@198.51.100.9", display: "Carol <sip:c@x>", at: office.now
        )
        #expect(index == 1)
        #expect(
            office.notices() == ["12 call-info 1 alerting \"Carol <sip:c@x>\"; * idle | active;expires=3600"])
        var call = office.call("a")
        call.toTag = "to-a"
        #expect(
            office.group.picked(
                nil, owner: Office.contact("11"), call, farContact: "sip:carol@198.51.100.9",
                display: "Carol <sip:c@x>",
                at: office.now) == 1)
        // Not before the ACK.
        #expect(office.notices() == [])
        #expect(office.states() == "1 active")
        office.group.acknowledged(1, "a", fromTag: "from-a", isHeld: false, at: office.now)
        #expect(
            office.notices() == ["12 call-info 1 active \"Carol <sip:c@x>\"; * idle | active;expires=3600"])
        // The far end hangs up, and says nothing of appearances.
        office.group.ended(1, "a", "from-a", "to-a", at: office.now)
        #expect(office.states() == "")
    }

    @Test func `a telephone that counts otherwise has its number`() {
        let office = Office()
        _ = office.group.alert(office.call("a"), farContact: "", display: "", at: office.now)
        #expect(
            office.group.picked(
                .number(4), owner: Office.contact("11"), office.call("a"), farContact: "", display: "",
                at: office.now) == 4)
        #expect(office.states() == "4 active")
        // But not one that somebody else has.
        _ = office.group.alert(office.call("b"), farContact: "", display: "", at: office.now)
        #expect(
            office.group.picked(
                .number(4), owner: Office.contact("12"), office.call("b"), farContact: "", display: "",
                at: office.now) == 1)
    }

    @Test func `an answer without ACK is forgotten`() {
        let office = Office()
        _ = office.group.picked(
            nil, owner: Office.contact("11"), office.call("a"), farContact: "", display: "", at: office.now)
        office.now += 35_000
        _ = office.group.expire(at: office.now)
        #expect(office.states() == "")
    }

    @Test func `a CANCEL releases what rings, and nothing that was answered`() {
        let office = Office()
        _ = office.group.alert(office.call("a"), farContact: "", display: "", at: office.now)
        office.group.cancelled(1, "a", at: office.now)
        #expect(office.states() == "")
        office.connect("11", 1, "b")
        office.group.cancelled(1, "b", at: office.now)
        #expect(office.states() == "1 active")
    }

    @Test func `a BYE with other tags is of another call`() {
        let office = Office()
        office.connect("11", 1, "a")
        office.group.ended(1, "a", "x", "y", at: office.now)
        office.group.ended(1, "a", "from-a", "y", at: office.now)
        #expect(office.states() == "1 active")
    }

    @Test func `hold and its end are the telephone's own`() {
        let office = Office()
        office.connect("11", 1, "a")
        office.hold(1, "a")
        #expect(office.states() == "1 held")
        office.group.reinvited(
            1, "a", fromTag: "to-a", toTag: "from-a", sequence: 1, isHeld: false, wish: nil, at: office.now)
        #expect(office.states() == "1 held")
        office.group.reinvited(
            1, "a", fromTag: "from-a", toTag: "to-a", sequence: 3, isHeld: false, wish: nil, at: office.now)
        #expect(office.states() == "1 active")
        office.hold(1, "a", private: true)
        #expect(office.states() == "1 held-private")
        office.group.reinviteFailed(1, "a", sequence: 2, at: office.now)
        #expect(office.states() == "1 active")
    }
}

@Suite struct PickUpTests {
    private func held(private isPrivate: Bool = false) -> Office {
        let office = Office()
        office.connect("11", 2, "a")
        office.hold(2, "a", private: isPrivate)
        return office
    }

    private func pickUp(_ office: Office, _ phone: String, _ name: String) -> PickUp {
        office.group.pickUp(2, owner: Office.contact(phone), office.call(name), at: office.now)
    }

    private let way = PickUp.goes(to: "sip:carol@198.51.100.9", replaces: "a;to-tag=to-a;from-tag=from-a")

    @Test func `another telephone takes the call, and the old one's BYE does not disturb it (RFC 3891)`() {
        let office = held()
        #expect(pickUp(office, "12", "b") == way)
        #expect(office.group.appearances[0].owner == Office.contact("12"))
        // It came again.
        #expect(pickUp(office, "12", "b") == way)
        #expect(
            office.group.answered(
                2, "b", tag: "to-b", farContact: "sip:carol@198.51.100.9", display: "", at: office.now)?.old
                .callID == "a")
        office.group.ended(2, "a", "to-a", "from-a", at: office.now)
        #expect(office.states() == "2 active")
        #expect(office.calls.find(Text("a" as StaticString), hash: CallTable.hash("a")).isEmpty)
        office.group.ended(2, "b", "from-b", "to-b", at: office.now)
        #expect(office.states() == "")
        #expect(office.calls.isEmpty)
    }

    @Test func `the far end of a call that came in is its caller`() {
        let office = Office()
        var call = office.call("a")
        call.toTag = "to-a"
        _ = office.group.picked(
            .number(2), owner: Office.contact("11"), call, farContact: "sip:carol@198.51.100.9", display: "",
            at: office.now)
        office.group.acknowledged(2, "a", fromTag: "from-a", isHeld: false, at: office.now)
        office.group.reinvited(
            2, "a", fromTag: "to-a", toTag: "from-a", sequence: 1, isHeld: true, wish: nil, at: office.now)
        #expect(
            pickUp(office, "12", "b")
                == .goes(to: "sip:carol@198.51.100.9", replaces: "a;to-tag=from-a;from-tag=to-a"))
    }

    @Test func `when it fails the holder has it again`() {
        let office = held()
        _ = pickUp(office, "12", "b")
        office.group.failed(2, "b", status: 486, at: office.now)
        #expect(office.states() == "2 held")
        #expect(office.group.appearances[0].owner == Office.contact("11"))
        #expect(office.group.appearances[0].call == CallName(callID: "a", fromTag: "from-a", toTag: "to-a"))
        #expect(pickUp(office, "13", "c") == way)
    }

    @Test func `when the far end has hung up meanwhile there is nothing to go back to`() {
        let office = held()
        _ = pickUp(office, "12", "b")
        office.group.ended(2, "a", "to-a", "from-a", at: office.now)
        #expect(office.states() == "2 active")
        office.group.failed(2, "b", status: 481, at: office.now)
        #expect(office.states() == "")
        #expect(office.calls.isEmpty)
    }

    @Test func `a private hold is its holder's`() {
        let office = held(private: true)
        #expect(pickUp(office, "12", "b") == .isPrivate)
        #expect(office.states() == "2 held-private")
        #expect(pickUp(office, "11", "c") == way)
    }

    @Test func `who is late, or wants what is not held, gets nothing`() {
        let office = held()
        _ = pickUp(office, "12", "b")
        #expect(pickUp(office, "13", "c") == .isTaken)
        #expect(office.group.pickUp(9, owner: "sip:x@y", office.call("c"), at: office.now) == .none)
    }

    @Test func `the far end's own line goes on under the new name`() {
        let office = held()
        office.group.join(2, "a", with: Appearance.Peer(aor: "sip:far@sca.example", index: 1))
        _ = pickUp(office, "12", "b")
        let answer = office.group.answered(2, "b", tag: "to-b", farContact: "", display: "", at: office.now)
        #expect(answer?.peer == Appearance.Peer(aor: "sip:far@sca.example", index: 1))
    }
}

@Suite struct DeadlinesTests {
    @Test func `what is due is told once, and not before`() {
        let office = Office()
        let deadlines = Deadlines()
        _ = deadlines.take(at: 100_000)
        deadlines.set(office.group, at: 115_010)
        #expect(deadlines.take(at: 115_009).isEmpty)
        #expect(deadlines.take(at: 115_100).count == 1)
        #expect(deadlines.take(at: 115_200).isEmpty)
        // What should have been before is as soon as can be.
        deadlines.set(office.group, at: 1)
        #expect(deadlines.take(at: 115_300).count == 1)
    }

    @Test func `a line stands in it once, whatever was before`() {
        let offices = (0..<5).map { _ in Office() }
        let deadlines = Deadlines()
        _ = deadlines.take(at: 100_000)
        for office in offices { deadlines.set(office.group, at: 115_000) }
        // The first, one of the middle, the last.
        for at in [0, 2, 4] { deadlines.set(offices[at].group, at: 114_000) }
        #expect(deadlines.count == 5)
        #expect(
            deadlines.take(at: 114_500).map { ObjectIdentifier($0) }
                == [0, 2, 4].map { ObjectIdentifier(offices[$0].group) })
        #expect(deadlines.take(at: 115_000).count == 2)
        #expect(deadlines.count == 0)
    }

    @Test func `a line that is no more stands in it no more`() throws {
        let lines = Lines()
        let made = try #require(
            lines.make(LineName(Text("sip:desk@sca.example" as StaticString))!) { _ in true })
        lines.deadlines.set(made.0, at: 3_600_000)
        lines.tidy(made.0)
        #expect(lines.isEmpty && lines.deadlines.count == 0)
        lines.deadlines.remove(made.0)
        #expect(lines.deadlines.count == 0)
    }
}
