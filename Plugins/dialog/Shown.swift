// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import PluginKit

/// A dialog as it is shown: gathered on its worker, told on the thread of the commands.
struct Shown: Sendable {
    enum Value: Sendable {
        case number(Int)
        case text(String)
        case structure([(String, Value)])
        case list([Value])
    }

    var fields: [(String, Value)] = []

    mutating func add(_ name: String, _ number: Int) { fields.append((name, .number(number))) }
    mutating func add(_ name: String, _ text: mt_str) {
        fields.append((name, .text(String(Text(unchecked: text)))))
    }

    /// What hooks of "dialog.listing" have to add, by worker.
    nonisolated(unsafe) private static var lines: UnsafeMutablePointer<[(String, Value)]?>?

    /// [main]
    static func prepare() {
        let all = UnsafeMutablePointer<[(String, Value)]?>.allocate(capacity: max(Host.workers, 1))
        all.initialize(repeating: nil, count: max(Host.workers, 1))
        lines = all
    }

    /// dialog.h's show().
    static func add(_ call: CallPointer, _ name: mt_str, _ value: mt_value) -> mt_result {
        guard let lines, lines[Int(call.pointee.worker)] != nil else { return mt_result(MT_NO) }
        let key = String(Text(unchecked: name))
        let shown: Value =
            value.type == UInt32(MT_STR) ? .text(String(Text(unchecked: value.str))) : .number(Int(value.num))
        lines[Int(call.pointee.worker)]?.append((key, shown))
        return mt_result(MT_OK)
    }

    init() {}

    /// All that is known of it; with what others know, when `isFull`.
    init(_ call: CallPointer, _ dialog: DialogPointer, isFull: Bool) {
        let life = dialog.pointee.life
        add("h_entry", Int(dialog.pointee.entry))
        add("h_id", Int(dialog.pointee.id))
        add("ref", Int(life.transactions) + 1)
        add("call-id", dialog.text(.callID))
        add("from_uri", dialog.text(.fromURI))
        add("to_uri", dialog.text(.toURI))
        add("req_uri", dialog.text(.requestURI))
        add("state", Int(life.state.rawValue))
        if Sharing.isOn {
            add("server", dialog.pointee.isGuest ? Int(dialog.pointee.server) : Sharing.own)
        }
        add("start_ts", Int(life.started))
        add("init_ts", Int(life.created))
        add("end_ts", Int(life.ended))
        let end = life.ended != 0 ? life.ended : Now.seconds
        add("duration", life.started == 0 ? 0 : Int(end - min(end, life.started)))
        add("timeout", Int(life.deadline))
        add("lifetime", Int(life.lifetime))
        add("dflags", Int(dialog.pointee.marks.rawValue))
        add("sflags", Int(dialog.pointee.flags))
        add("iflags", Int(dialog.pointee.properties.rawValue))
        if life.owner != 0 { fields.append(("timeout_by", .text(Owners.name(Int(life.owner))))) }
        if !life.isSettingUp, life.limit != 0 { add("limit", Int(life.limit)) }
        if dialog.text(.reason).len > 0 { add("end_reason", dialog.text(.reason)) }
        if life.isOver { fields.append(("ended_by", .text("\(name(of: life.cause))"))) }
        let sides = [
            (
                "caller", Texts.Part.fromTag, Texts.Part.callerContact, dialog.pointee.callerSequence,
                Texts.Part.callerRoutes, dialog.pointee.callerSocket
            ),
            (
                "callee", .toTag, .calleeContact, dialog.pointee.calleeSequence, .calleeRoutes,
                dialog.pointee.calleeSocket
            ),
        ]
        for (name, tag, contact, sequence, routes, socket) in sides {
            var side = Shown()
            side.add("tag", dialog.text(tag))
            side.add("contact", dialog.text(contact))
            side.fields.append(("cseq", .text("\(sequence)")))
            side.add("route_set", dialog.text(routes))
            let known = socket != .max && UInt32(socket) < Server.net.pointee.sockets()
            side.add("socket", known ? Server.net.pointee.socket(UInt32(socket)) : mt_str(""))
            fields.append((name, .structure(side.fields)))
        }
        addLists(dialog)
        if isFull, Step.listing.isHeard, let lines = Self.lines {
            lines[Int(call.pointee.worker)] = []
            DialogPlugin.tell(.listing, call, dialog, .none)
            fields += lines[Int(call.pointee.worker)] ?? []
            lines[Int(call.pointee.worker)] = nil
        }
    }

    private mutating func addLists(_ dialog: DialogPointer) {
        func all(
            _ first: UnsafeMutablePointer<NamedText>?,
            _ body: (UnsafeMutablePointer<NamedText>) -> (String, Value)
        ) -> [Value] {
            var list: [Value] = []
            var one = first
            while let here = one {
                list.append(.structure([body(here)]))
                one = here.pointee.next
            }
            return list
        }
        fields.append(
            (
                "profiles",
                .list(
                    all(dialog.pointee.memberships) {
                        (
                            Profiles.definition(Int($0.pointee.number)).name,
                            .text(String(Text(unchecked: $0.text)))
                        )
                    })
            ))
        fields.append(
            (
                "variables",
                .list(
                    all(dialog.pointee.variables) {
                        (String(Text(unchecked: $0.name)), .text(String(Text(unchecked: $0.text))))
                    })
            ))
        if dialog.pointee.early != nil {
            let early = all(dialog.pointee.early) {
                ("tag", .text(String(Text(unchecked: $0.name))))
            }
            fields.append(("early", .list(early)))
        }
    }

    func tell(_ answer: borrowing Answer) {
        answer.structure { answer in for (name, value) in fields { Self.put(name, value, answer) } }
    }

    private static func put(_ name: String, _ value: Value, _ answer: borrowing Answer) {
        switch value {
        case .number(let number): answer.put(named: name, number)
        case .text(let text): answer.put(named: name, text)
        case .structure(let fields):
            answer.structure(named: name) { answer in for (name, value) in fields { put(name, value, answer) }
            }
        case .list(let values):
            answer.list(named: name) { answer in for value in values { put("", value, answer) } }
        }
    }
}
