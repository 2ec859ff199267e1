// SPDX-License-Identifier: Apache-2.0
import DialogLogic
import PluginKit
import Testing

/// What servers that share calls tell each other (manual of dialog, "Several servers").
@Suite struct DialogNoteTests {
    private func call(_ state: Life.State = .confirmed, deadline: UInt32 = 1000) -> Life {
        Life(
            restored: state, created: 90, started: 100, lifetime: 900, deadline: deadline, limit: 0, wish: 0,
            warning: 60, owner: 0)
    }

    @Test func `variables go along all together, or not at all`() {
        var data = SavedData()
        data.numbers["timeout"] = 7
        #expect(SavedData(data.text).variables == nil)
        data.variables = ["who": "al\"ice", "": "x"]
        let read = SavedData(data.text)
        #expect(read == data)
        #expect(read.variables == ["who": "al\"ice", "": "x"])
        data.variables = [:]
        #expect(SavedData(data.text).variables == [:])
        data.variables = nil
        #expect(data.text == "{\"timeout\":7}")
    }

    @Test func `a row says whose call it is, and without a number nothing`() {
        var data = SavedData()
        #expect(data.server == 0)
        data.server = 3
        #expect(SavedData(data.text).server == 3)
        data.server = 0
        #expect(data.text == "{}")
    }

    @Test func `a claim does not take the place of what its writer has noted before`() {
        func note(_ kind: Note.Kind) -> Note {
            Note(entry: 1, id: 2, writer: 3, owner: 4, kind: kind, stamp: 5, callID: "c")
        }
        #expect(note(.changed).mark == 3 && note(.ended).mark == 3)
        #expect(note(.claimed).mark != 3)
        for kind in [Note.Kind.changed, .ended, .claimed] {
            #expect(Note.writer(mark: note(kind).mark) == 3)
        }
    }

    @Test func `a lifetime that was prolonged elsewhere is that of the call, longer or shorter`() {
        var life = call()
        #expect(life.adopt(call(deadline: 5000)) == [.save, .arm])
        #expect(life.deadline == 5000)
        #expect(life.wake(at: 1000, Patience()) == [])
        #expect(life.adopt(call(deadline: 400)) == [.save, .arm])
        #expect(life.wakesAt(Patience()) == 340)
        #expect(life.wake(at: 340, Patience()) == .warning)
        // The next one warns again.
        #expect(life.adopt(call(deadline: 900)) == [.save, .arm])
        #expect(life.wake(at: 840, Patience()) == .warning)
        #expect(life.wake(at: 900, Patience()) == .expired)
    }

    @Test func `an ACK elsewhere confirms, and what is over stays so`() {
        var life = call(.unacknowledged)
        #expect(life.adopt(call()) == [.confirm, .save, .arm])
        #expect(life.state == .confirmed)
        #expect(life.adopt(call(.unacknowledged)) == [.save, .arm])
        #expect(life.state == .confirmed)
        _ = life.bye(at: 200)
        #expect(life.adopt(call(deadline: 5000)) == [])
        #expect(life.isOver)
        #expect(life.deadline == 0)
    }

    @Test func `servers whose numbers differ never give two calls one number`() {
        var taken: Set<UInt32> = []
        for server in 1...5 as ClosedRange<UInt32> {
            // As Table.swift makes them.
            var one = NumberSource(
                start: 0x1234_5600 | server, step: 256, worker: 1, workers: 2, random: 0)
            for _ in 0..<1000 { #expect(taken.insert(one.next()).inserted) }
            one.skip(0x1234_0000 | 7)
            #expect(one.next() & 255 == server)
        }
    }

    private func note(owner: Int = 1, stamp: Int = 5, id: UInt32 = 7, _ kind: Note.Kind = .ended) -> Note {
        Note(entry: 0xabc, id: id, writer: 2, owner: owner, kind: kind, stamp: stamp, callID: "c")
    }

    @Test func `a note that nobody has a call for is of no use when it has been seen for a minute`() {
        #expect(note().key == 0xabc_0000_0007)
        for stamp in [5, 1_000_000_000_000_000] {
            var watch = NoteWatch(own: 1)
            let one = note(stamp: stamp)
            #expect(watch.useless([one], at: 1_000_000) == [])
            #expect(watch.useless([one, note(stamp: 6, id: 8)], at: 1_059_999) == [])
            #expect(watch.useless([one, note(stamp: 6, id: 8)], at: 1_060_000) == [one.identity])
            // It was gone meanwhile, and is another one.
            #expect(watch.useless([], at: 1_061_000) == [])
            #expect(watch.useless([one], at: 1_200_000) == [])
        }
    }

    @Test func `what is for a server that runs again is left to it, and after a minute not even read`() {
        var watch = NoteWatch(own: 1)
        watch.inherit(3)
        #expect(watch.owners(at: 1000) { _ in false } == [1, 3])
        let one = note(owner: 3)
        #expect(watch.useless([one], at: 1000) == [])
        #expect(watch.useless([one], at: 61_000) == [one.identity])
        #expect(watch.owners(at: 62_000) { $0 == 3 } == [1, 3])
        #expect(watch.useless([one], at: 62_000) == [])
        // Dead once more.
        #expect(watch.owners(at: 70_000) { _ in false } == [1, 3])
        #expect(watch.owners(at: 80_000) { _ in true } == [1, 3])
        #expect(watch.owners(at: 139_999) { _ in true } == [1, 3])
        #expect(watch.owners(at: 140_000) { _ in true } == [1])
        #expect(watch.owners(at: 150_000) { _ in false } == [1])
        // It ran again before the first look.
        watch.inherit(4)
        #expect(watch.owners(at: 200_000) { _ in true } == [1, 4])
    }

    @Test func `what ended is remembered for a minute in which notes were read`() {
        var endings = Endings()
        endings.insert(1, read: 1_000_000)
        endings.insert(2, read: 1_060_000)
        #expect(endings.contains(1) && endings.contains(2) && !endings.contains(3))
        endings.insert(3, read: 1_060_001)
        #expect(endings.contains(1) && endings.contains(2) && endings.contains(3))
        endings.insert(4, read: 1_120_001)
        #expect(endings.contains(2) && endings.contains(3))
        endings.insert(5, read: 1_120_002)
        #expect(!endings.contains(1) && !endings.contains(2))
        #expect(endings.contains(3) && endings.contains(4) && endings.contains(5))
        // While nothing can be read, nothing is forgotten.
        for key in 10..<1000 as Range<UInt64> { endings.insert(key, read: 1_120_002) }
        #expect(endings.contains(3) && endings.contains(4) && endings.contains(10))
    }
}
