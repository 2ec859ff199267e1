// SPDX-License-Identifier: Apache-2.0
import PluginKit
import ScaLogic
import Testing

/// A line as one of several servers has it.
private final class Branch {
    let calls = CallTable()
    let group: Group
    var now: Int64 = 1_000_000
    private var number: UInt32 = 0

    init(_ server: Int) {
        group = Group(LineName(Text("sip:desk@sca.example" as StaticString))!, calls, server: server)
    }

    static func contact(_ phone: String) -> String { "sip:desk@192.0.2.\(phone):5060" }

    @discardableResult func subscribe(_ phone: String, _ index: Int? = nil) -> SubscribeAnswer {
        number += 1
        var request = SubscribeRequest(
            index == nil ? .callInfo : .lineSeize, contact: Self.contact(phone), callID: "\(phone)-\(number)",
            fromTag: phone, sequence: 1, expires: index == nil ? 3600 : 15)
        request.newTag = "srv"
        request.index = index.map { .number($0) }
        return group.subscribe(request, number: number, at: now)
    }

    /// A row of another server.
    func row(
        _ index: Int, _ state: AppearanceState, server: Int = 2, owner: String = "99", call: String = "",
        version: Int64 = 5
    ) -> Appearance {
        Appearance(
            restored: index, state: state, owner: Self.contact(owner), farContact: "", display: "",
            call: CallName(callID: call, fromTag: call.isEmpty ? "" : "from-\(call)"), isCallee: false,
            created: now, modified: version, deadline: 0, peer: nil, server: server)
    }

    /// What is written now, each with what has to be true: "1 free".
    func writes() -> [String] {
        let unsaved = group.takeUnsaved()
        return unsaved.appearances.map { index in
            group.setVersion(index, now)
            switch unsaved.claims[index] {
            case .free?: return "\(index) free"
            case .version(let version)?: return "\(index) over \(version)"
            case nil: return "\(index)"
            }
        }
    }

    func states() -> String {
        group.appearances.map { "\($0.index) \($0.state.word)" }.joined(separator: ", ")
    }

    /// What is sent now: "11 call-info active".
    func notices() -> [String] {
        group.takeNotices(for: 0, at: now).map { notice in
            _ = notice.number == 0 || group.notified(notice.number, status: 200, at: now)
            let phone = notice.contact.split(separator: ".")[3].split(separator: ":")[0]
            return "\(phone) \(notice.package.word) \(notice.state.split(separator: ";")[0])"
        }
    }
}

@Suite struct ScaSharingTests {
    @Test func `what another server has seized is busy, and members are told once`() {
        let branch = Branch(1)
        branch.subscribe("11")
        _ = branch.notices()
        #expect(branch.group.take(branch.row(1, .seized), at: branch.now))
        #expect(branch.notices() == ["11 call-info active"])
        #expect(branch.subscribe("11", 1) == .busy)
        // It is in a call now, which looks the same; then it is idle again.
        branch.group.take(branch.row(1, .seized, call: "c", version: 6), at: branch.now)
        #expect(branch.notices() == [])
        #expect(branch.calls.find(Text("c" as StaticString), hash: CallTable.hash("c")).count == 1)
        branch.group.take(branch.row(1, .idle, version: 7), at: branch.now)
        #expect(branch.notices() == ["11 call-info active"])
        #expect(branch.calls.isEmpty && branch.states() == "" && branch.writes() == [])
        #expect(!branch.group.take(branch.row(2, .idle), at: branch.now))
    }

    @Test func `a seizure is claimed, and what follows is just written`() {
        let branch = Branch(1)
        branch.subscribe("11", 1)
        #expect(branch.writes() == ["1 free"])
        #expect(branch.group.isClaiming)
        // Nothing is written over it before there is an answer.
        _ = branch.group.dial(
            .number(1), owner: Branch.contact("11"), CallName(callID: "c", fromTag: "f"), at: branch.now)
        #expect(branch.writes() == [])
        #expect(branch.group.won(1).hasChanged)
        #expect(branch.writes() == ["1"])
        branch.group.ended(1, "c", "f", "", at: branch.now)
        #expect(branch.writes() == ["1"] && !branch.group.isClaiming)
        // What nobody has heard of need not be taken back.
        #expect(branch.group.seize(owner: "sip:x@y", at: branch.now) == 1)
        #expect(branch.group.letGo(1, at: branch.now))
        #expect(branch.writes() == [])
    }

    @Test func `what is seized again before its row is idle is claimed over that row`() {
        let branch = Branch(1)
        branch.now = 42
        branch.subscribe("11", 1)
        #expect(branch.writes() == ["1 free"])
        _ = branch.group.won(1)
        #expect(branch.group.letGo(1, at: branch.now))
        branch.subscribe("12", 1)
        #expect(branch.writes() == ["1 over 42"])
    }

    @Test func `who was slower loses the appearance, and is not told that he had it`() {
        let branch = Branch(1)
        branch.subscribe("11")
        branch.subscribe("12", 1)
        _ = branch.writes()
        _ = branch.group.takeChanges()
        #expect(branch.group.lost(1, to: branch.row(1, .seized, owner: "98"), at: branch.now).isEmpty)
        #expect(branch.states() == "1 seized" && branch.group.subscribers(.lineSeize) == 0)
        #expect(branch.group.appearance(1)?.owner == Branch.contact("98"))
        #expect(branch.notices() == ["11 call-info active"])
        #expect(branch.group.changes.count == 1 && branch.writes() == [])
    }

    @Test func `a row that nobody can read is written over`() {
        let branch = Branch(1)
        branch.subscribe("12", 1)
        #expect(branch.writes() == ["1 free"])
        _ = branch.group.lost(1, to: nil, at: branch.now)
        #expect(branch.states() == "1 seized" && branch.writes() == ["1"])
    }

    @Test func `a row that is ours after all is ours`() {
        let branch = Branch(1)
        branch.subscribe("12", 1)
        _ = branch.writes()
        _ = branch.group.lost(
            1, to: branch.row(1, .seized, server: 1, owner: "12", version: 8), at: branch.now)
        #expect(branch.group.subscribers(.lineSeize) == 1 && branch.group.appearance(1)?.version == 8)
    }

    @Test func `of two calls that come in at two servers, the slower one rings under another number`() {
        let branch = Branch(1)
        let call = CallName(callID: "in", fromTag: "f")
        #expect(branch.group.alert(call, farContact: "sip:x@y", display: "", at: branch.now) == 1)
        #expect(branch.writes() == ["1 free"])
        _ = branch.group.lost(1, to: branch.row(1, .alerting, call: "other"), at: branch.now)
        #expect(branch.states() == "1 alerting, 2 alerting" && branch.writes() == ["2 free"])
        let places = branch.calls.find(Text("in" as StaticString), hash: CallTable.hash("in"))
        #expect(places.map(\.index) == [2])
    }

    @Test func `a held call is picked up over the row that was seen, and the slower one has nothing`() {
        let branch = Branch(1)
        var held = branch.row(1, .held, owner: "11", call: "old", version: 77)
        held = Appearance(
            restored: 1, state: .held, owner: held.owner, farContact: "sip:carol@198.51.100.9", display: "",
            call: CallName(callID: "old", fromTag: "a", toTag: "b"), isCallee: false, created: 1,
            modified: 77,
            deadline: 0, peer: nil, server: 2)
        branch.group.take(held, at: branch.now)
        let new = CallName(callID: "new", fromTag: "n")
        #expect(branch.group.pickUp(1, owner: Branch.contact("12"), new, at: branch.now) != .none)
        #expect(branch.writes() == ["1 over 77"])
        _ = branch.group.lost(1, to: branch.row(1, .active, call: "faster", version: 78), at: branch.now)
        #expect(!branch.group.isOurs(1, "new") && branch.group.isOurs(1, "faster"))
        #expect(branch.calls.find(Text("new" as StaticString), hash: CallTable.hash("new")).isEmpty)
        #expect(branch.calls.find(Text("old" as StaticString), hash: CallTable.hash("old")).isEmpty)
    }

    @Test func `without an answer of the database it is claimed again`() {
        let branch = Branch(1)
        branch.subscribe("11", 1)
        #expect(branch.writes() == ["1 free"])
        #expect(branch.group.undecided(1, .free).isEmpty)
        #expect(branch.group.subscribers(.lineSeize) == 1)
        #expect(branch.writes() == ["1 free"])
    }

    @Test func `a call on a seizure that was written without an answer stays, and is written over it`() {
        let branch = Branch(1)
        branch.subscribe("11")
        branch.subscribe("12", 1)
        #expect(branch.writes() == ["1 free"])
        _ = branch.group.undecided(1, .free)
        // Its telephone was let in after a while, and calls.
        let call = CallName(callID: "c", fromTag: "f")
        #expect(branch.group.dial(.number(1), owner: Branch.contact("12"), call, at: branch.now) == 1)
        #expect(branch.writes() == ["1 free"])
        let row = branch.row(1, .seized, server: 1, owner: "12", version: 8)
        _ = branch.group.lost(1, to: row, at: branch.now)
        #expect(branch.group.isOurs(1, "c") && branch.group.subscribers(.lineSeize) == 1)
        #expect(branch.calls.find(Text("c" as StaticString), hash: CallTable.hash("c")).count == 1)
        #expect(branch.writes() == ["1 over 8"])
        _ = branch.group.won(1)
        #expect(branch.writes() == [])
    }

    @Test func `what was claimed without an answer and let go of is idle, unless another server has it`() {
        let branch = Branch(1)
        for others in [false, true] {
            branch.subscribe("11", 1)
            #expect(branch.writes() == ["1 free"])
            #expect(branch.group.letGo(1, at: branch.now))
            _ = branch.group.undecided(1, .free)
            #expect(branch.writes() == ["1 free"] && branch.group.isClaiming)
            let row = branch.row(1, .seized, server: others ? 2 : 1, owner: "11", version: 9)
            _ = branch.group.lost(1, to: row, at: branch.now)
            #expect(branch.states() == (others ? "1 seized" : ""))
            #expect(branch.writes() == (others ? [] : ["1 over 9"]))
            _ = branch.group.won(1)
        }
    }

    @Test func `what may be written is taken back, though it is seized again meanwhile`() {
        let branch = Branch(1)
        branch.subscribe("11", 1)
        #expect(branch.writes() == ["1 free"])
        _ = branch.group.undecided(1, .free)
        // Neither of the two has been heard of by anybody; the first may have been.
        #expect(branch.group.letGo(1, at: branch.now))
        #expect(branch.group.seize(owner: "sip:x@y", at: branch.now) == 1)
        #expect(branch.group.letGo(1, at: branch.now))
        #expect(branch.writes() == ["1 free"])
        _ = branch.group.lost(
            1, to: branch.row(1, .seized, server: 1, owner: "11", version: 9), at: branch.now)
        #expect(branch.writes() == ["1 over 9"])
        _ = branch.group.lost(1, to: branch.row(1, .idle, server: 1, version: 10), at: branch.now)
        #expect(branch.writes() == [] && branch.group.isIdle == false)
        _ = branch.group.takeChanges()
        _ = branch.notices()
        _ = branch.group.takeUnsaved()
        #expect(branch.group.isIdle)
    }

    @Test func `that an appearance is idle is not written over a call that another server has there`() {
        let branch = Branch(1)
        branch.subscribe("11", 1)
        _ = branch.writes()
        _ = branch.group.won(1)
        #expect(branch.group.letGo(1, at: branch.now))
        #expect(branch.writes() == ["1"])
        branch.group.undecided(1)
        #expect(branch.writes() == ["1 over 0"])
        _ = branch.group.lost(1, to: branch.row(1, .active, call: "c"), at: branch.now)
        #expect(branch.states() == "1 active" && branch.writes() == [])
    }

    @Test func `a seizure of ours ends when another server has the call under way`() {
        let branch = Branch(1)
        branch.subscribe("11", 1)
        _ = branch.writes()
        _ = branch.group.won(1)
        _ = branch.notices()
        // Its telephone dials by way of the other server: seized still.
        branch.group.take(branch.row(1, .seized, owner: "11", call: "c"), at: branch.now)
        #expect(branch.group.subscribers(.lineSeize) == 1)
        branch.group.take(branch.row(1, .progressing, owner: "11", call: "c", version: 6), at: branch.now)
        #expect(branch.notices() == ["11 line-seize terminated"])
        // The BYE comes to us.
        branch.group.ended(1, "c", "from-c", "", at: branch.now)
        #expect(branch.states() == "" && branch.writes() == ["1"])
    }

    @Test func `what a dead server was setting up is over, and what lives stays`() {
        let branch = Branch(1)
        branch.subscribe("11")
        branch.group.take(branch.row(1, .progressing, server: 2, call: "a"), at: branch.now)
        branch.group.take(branch.row(2, .progressing, server: 3, call: "b"), at: branch.now)
        branch.group.take(branch.row(3, .active, server: 2, call: "c"), at: branch.now)
        branch.group.resume(of: 2, at: branch.now)
        #expect(branch.states() == "2 progressing, 3 active" && branch.writes() == ["1"])
    }

    @Test func `what is not there any more is forgotten, unless it is ours or on its way`() {
        let branch = Branch(1)
        branch.group.take(branch.row(1, .active), at: branch.now)
        branch.group.take(branch.row(2, .active), at: branch.now)
        branch.subscribe("11", 3)
        #expect(branch.group.forget(unless: { $0 == 2 }, at: branch.now))
        #expect(branch.states() == "2 active, 3 seized")
        #expect(branch.writes() == ["3 free"])
    }

    @Test func `subscriptions that went to another server are let go of without a word`() {
        let branch = Branch(1)
        branch.subscribe("11")
        branch.subscribe("12")
        _ = branch.group.takeUnsaved()
        _ = branch.notices()
        // What is on its way to the database cannot be missed there.
        branch.group.markStored(subscription: 2)
        #expect(branch.group.disown(upTo: 2) { _ in false } == 1)
        branch.subscribe("12")
        _ = branch.group.takeUnsaved()
        for number: UInt32 in [1, 3] { branch.group.markStored(subscription: number) }
        #expect(branch.group.disown(upTo: 3) { $0.fromTag == "11" } == 1)
        #expect(branch.group.subscribers(.callInfo) == 1 && branch.notices() == [])
        #expect(branch.group.takeUnsaved().erased.isEmpty)
        // One that has come since, or is being written, cannot be in question.
        branch.subscribe("13")
        #expect(branch.group.disown(upTo: 9) { _ in false } == 1)
        #expect(branch.group.subscribers(.callInfo) == 1)
    }

    @Test
    func `a subscription is written over the row of whom it was taken from, and over its own from then on`() {
        let branch = Branch(1)
        branch.subscribe("11")
        #expect(branch.group.takeUnsaved().subscriptions.map(\.server) == [1])
        var inherited = Subscription(
            number: 7, .callInfo, contact: Branch.contact("12"), callID: "c", fromTag: "12", toTag: "srv",
            sequence: 1, expires: branch.now + 1000, worker: 0)
        inherited.server = 2
        #expect(branch.group.restore(inherited))
        #expect(branch.group.takeUnsaved().subscriptions.isEmpty)
        branch.group.markUnsaved(subscription: 7)
        #expect(branch.group.takeUnsaved().subscriptions.map(\.server) == [2])
        // The database did not do it.
        branch.group.markUnsaved(subscription: 7, of: 2)
        #expect(branch.group.takeUnsaved().subscriptions.map(\.server) == [2])
        branch.group.markUnsaved(subscription: 7)
        #expect(branch.group.takeUnsaved().subscriptions.map(\.server) == [1])
    }

    @Test func `a subscription that moved is announced, and its former server lets go of that one`() {
        let branch = Branch(1)
        branch.subscribe("11")
        branch.subscribe("12")
        _ = branch.group.takeUnsaved()
        _ = branch.notices()
        #expect(branch.group.takeAnnouncement() != nil && branch.group.takeAnnouncement() == nil)
        branch.group.announceAnew()
        #expect(branch.group.takeAnnouncement() != nil && branch.group.takeAnnouncement() == nil)
        #expect(branch.group.disown(2) && !branch.group.disown(2))
        #expect(branch.group.subscribers(.callInfo) == 1 && branch.notices() == [])
        #expect(branch.group.takeUnsaved().erased.isEmpty)
    }

    @Test func `a line is known where calls come by, as long as it has telephones anywhere`() {
        let branch = Branch(1)
        branch.group.isKnown(at: 2, until: branch.now + 1000, now: branch.now)
        #expect(!branch.group.isIdle && branch.group.firstDeadline == branch.now + 1000)
        #expect(branch.group.expire(at: branch.now + 1000) == 0 && branch.group.isIdle)
        // Others hear of ours when they have to, and not with each SUBSCRIBE.
        #expect(branch.group.takeAnnouncement() == nil)
        branch.subscribe("11")
        #expect(branch.group.takeAnnouncement() == branch.now + 7_200_000)
        branch.now += 1_000_000
        branch.subscribe("12")
        #expect(branch.group.takeAnnouncement() == nil)
        #expect(branch.group.deactivate(at: branch.now) == 2)
        #expect(branch.group.takeAnnouncement() == 0 && branch.group.takeAnnouncement() == nil)
    }
}
