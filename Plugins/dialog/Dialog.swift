// SPDX-License-Identifier: Apache-2.0
import CMartlet
import DialogLogic
import Glibc
import PluginKit

typealias DialogPointer = UnsafeMutablePointer<Dialog>
typealias CallPointer = UnsafeMutablePointer<mt_call>

/// A call that passes through.
///
/// It stands in a table of its worker, at one place as long as it is there, and is plain memory: no reference is
/// counted, and its pointers are good until `Table.release`. Who wants to come back to it keeps its number.
struct Dialog {
    struct Marks: OptionSet {
        let rawValue: UInt32
        static let present = Marks(rawValue: 1)
        /// What the database has is not what it should have.
        static let dirty = Marks(rawValue: 2)
        /// In the list of those that are to be written.
        static let queued = Marks(rawValue: 4)
        static let byeToCaller = Marks(rawValue: 8)
        static let byeToCallee = Marks(rawValue: 16)
        /// It was counted among those that are early, or active.
        static let countedEarly = Marks(rawValue: 32)
        static let countedActive = Marks(rawValue: 64)
        /// It came from the database, and nobody has been told.
        static let loaded = Marks(rawValue: 128)
        /// Pings found nobody.
        static let unreachable = Marks(rawValue: 256)
        /// The rows of its variables are not what they should be.
        static let variablesDirty = Marks(rawValue: 512)
        static let pingedCaller = Marks(rawValue: 1024)
        static let pingedCallee = Marks(rawValue: 2048)
        /// Of another callee who answered the same INVITE.
        static let forked = Marks(rawValue: 4096)
        /// Its row belongs to a socket that is not ours.
        static let foreign = Marks(rawValue: 8192)
        /// The database has a row of it, or has been asked to.
        static let stored = Marks(rawValue: 16384)
        /// It is another server's: here only as long as a request for it is on its way.
        static let guest = Marks(rawValue: 32768)
        /// It was ours, and its new owner has not been told what it was in the end.
        static let parting = Marks(rawValue: 65536)
    }

    let index: UInt32
    var generation: UInt32 = 0
    var worker: UInt8 = 0
    /// In its list of the table, or of those that are free; 0 is none.
    var next: UInt32 = 0
    var hash: UInt32 = 0
    /// h_entry and h_id; the id in the cookie is another one's where the INVITE had several answers.
    var entry: UInt32 = 0
    var id: UInt32 = 0
    var cookie: UInt32 = 0
    var life = Life(at: 0, lifetime: 0)
    var marks: Marks = []
    var properties: Properties = []
    /// dlg_setflag().
    var flags: UInt32 = 0
    /// $dlg_ctx(timeout_route).
    var route: UInt32 = 0
    /// The highest CSeq of each side.
    var callerSequence: UInt32 = 0
    var calleeSequence: UInt32 = 0
    var callerSocket: UInt16 = .max
    var calleeSocket: UInt16 = .max
    /// Those who are in the middle of something with it.
    var pins: UInt16 = 0
    var missedByCaller: UInt8 = 0
    var missedByCallee: UInt8 = 0
    /// Of a guest: the number of the server whose it is.
    var server: UInt32 = 0
    /// When it was to be written the last time, in Unix seconds; 0: never. Only where calls are shared.
    var changed: UInt32 = 0
    /// tm's number of its INVITE.
    var invite: UInt64 = 0
    var texts = Texts()
    var words: UnsafeMutablePointer<UInt64>?
    var variables: UnsafeMutablePointer<NamedText>?
    var memberships: UnsafeMutablePointer<NamedText>?
    /// The tags of those who have answered provisionally, by branch.
    var early: UnsafeMutablePointer<NamedText>?

    init(index: UInt32) { self.index = index }

    func has(_ mark: Marks) -> Bool { marks.contains(mark) }
    var isPresent: Bool { marks.contains(.present) }
    var isGuest: Bool { marks.contains(.guest) }
}

/// A name and a text, in one piece of memory, in a list: a variable, a membership (the name is the profile), an early
/// answer (the name is the tag).
struct NamedText {
    var next: UnsafeMutablePointer<NamedText>?
    /// Of a membership its profile, of an early answer its branch.
    var number: Int32
    var nameCount: UInt16
    var textCount: UInt16

    static let head = MemoryLayout<NamedText>.stride

    static func make(_ pool: inout Pool, _ name: mt_str, _ text: mt_str, number: Int32 = 0)
        -> UnsafeMutablePointer<NamedText>?
    {
        guard name.len <= 65_535, text.len <= 65_535 else { return nil }
        let memory = pool.take(head + name.len + text.len)
        if name.len > 0 { memcpy(memory + head, name.ptr, name.len) }
        if text.len > 0 { memcpy(memory + head + name.len, text.ptr, text.len) }
        let one = memory.bindMemory(to: NamedText.self, capacity: 1)
        one.initialize(
            to: NamedText(
                next: nil, number: number, nameCount: UInt16(name.len), textCount: UInt16(text.len)))
        return one
    }
}

extension UnsafeMutablePointer<NamedText> {
    private func part(_ offset: Int, _ count: UInt16) -> mt_str {
        let start = (UnsafeRawPointer(self) + NamedText.head + offset).assumingMemoryBound(to: CChar.self)
        return mt_str(ptr: start, len: Int(count))
    }
    var name: mt_str { part(0, pointee.nameCount) }
    /// Never absent.
    var text: mt_str { part(Int(pointee.nameCount), pointee.textCount) }

    func free(_ pool: inout Pool) {
        pool.give(self, NamedText.head + Int(pointee.nameCount) + Int(pointee.textCount))
    }
}

extension DialogPointer {
    func text(_ part: Texts.Part) -> mt_str { pointee.texts[part] }

    var number: DialogNumber {
        DialogNumber(
            worker: UInt32(pointee.worker), index: pointee.index, generation: pointee.generation)
    }
}
