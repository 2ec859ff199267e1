// SPDX-License-Identifier: Apache-2.0
import DialogLogic
import Testing

/// Numbers that are the same in every run.
private struct Dice {
    var state: UInt64

    mutating func roll(_ sides: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(sides))
    }
}

/// Calls in virtual time, with what the plugin does for `Life`: timers on the wheel, transactions that end, rows.
private struct World: ~Copyable {
    struct Call {
        var life: Life
        /// When each of its transactions ends, and whether it is the INVITE's.
        var transactions: [(end: UInt32, isInitial: Bool)] = []
        /// What a simple model knows: has it been a call, and is it one?
        var hasStarted = false
        var hasEnded = false
        var hasFailed = false
    }

    var calls: [UInt32: Call] = [:]
    var rows: Set<UInt32> = []
    var wheel = Wheel(at: 1)
    var now: UInt32 = 1
    var next: UInt32 = 1
    var faults: [String] = []
    private let patience = Patience()

    mutating func invite() {
        var call = Call(life: Life(at: now, lifetime: 120))
        call.life.transactionBegan(isInitial: true)
        call.transactions.append((now + 40, true))
        calls[next] = call
        perform(next, .arm)
        next += 1
    }

    mutating func perform(_ id: UInt32, _ actions: Life.Actions) {
        guard var call = calls[id] else { return }
        if actions.contains(.start) {
            if call.hasStarted { faults.append("\(id) starts twice") }
            call.hasStarted = true
            call.hasFailed = false
        }
        if actions.contains(.fail) {
            if call.hasFailed || call.hasStarted { faults.append("\(id) fails after a start or twice") }
            call.hasFailed = true
        }
        if actions.contains(.end) {
            if call.hasEnded || !call.hasStarted { faults.append("\(id) ends twice or unstarted") }
            call.hasEnded = true
        }
        if actions.contains(.save) { rows.insert(id) }
        if actions.contains(.erase) { rows.remove(id) }
        if call.life.isOver, call.life.isCall { faults.append("\(id) is over and a call") }
        if call.life.isOver, rows.contains(id) { faults.append("\(id) is over and has a row") }
        if call.life.deadline != 0, call.life.limit != 0, call.life.deadline > call.life.limit {
            faults.append("\(id) goes beyond its limit")
        }
        calls[id] = call
        if actions.contains(.arm) {
            let due = wheel.due(id)
            let wanted = call.life.wakesAt(patience)
            if due == 0 || wanted < due { wheel.set(id, at: wanted) }
        }
        if calls[id]?.life.checked().contains(.forget) == true { forget(id) }
    }

    mutating func forget(_ id: UInt32) {
        wheel.remove(id)
        calls[id] = nil
    }

    mutating func pass(_ seconds: UInt32) {
        for _ in 0..<seconds {
            now += 1
            for id in calls.keys.sorted() {
                while let index = calls[id]?.transactions.firstIndex(where: { $0.end <= now }) {
                    guard var call = calls[id] else { break }
                    let ended = call.transactions.remove(at: index)
                    let actions = call.life.transactionEnded(isInitial: ended.isInitial, at: now)
                    calls[id] = call
                    perform(id, actions)
                }
            }
            wheel.advance(to: now)
            var taken = 0
            while let id = wheel.take() {
                wake(id)
                taken += 1
                if taken > 100_000 { return faults.append("a timer that is due again and again") }
            }
        }
    }

    private mutating func wake(_ id: UInt32) {
        guard var call = calls[id] else { return faults.append("a timer of nobody: \(id)") }
        let due = call.life.wake(at: now, patience)
        if due.contains(.forget) { return forget(id) }
        var actions: Life.Actions = []
        if due.contains(.expired) {
            // BYEs to both.
            for _ in 0..<2 {
                call.life.transactionBegan(isInitial: false)
                call.transactions.append((now + 32, false))
            }
            actions = call.life.end(.expired, at: now)
        }
        if due.contains(.silent) { actions = call.life.giveUp(.unanswered, at: now) }
        calls[id] = call
        perform(id, actions.union(.arm))
    }

    mutating func happen(_ id: UInt32, _ dice: inout Dice) {
        guard var call = calls[id] else { return }
        var actions: Life.Actions = []
        switch dice.roll(16) {
        case 0, 1: actions = call.life.ringing()
        case 2, 3, 4:
            // After its transaction there are no replies to it.
            if call.life.hasInvite { actions = call.life.answered(at: now) }
        case 5: if call.life.hasInvite { actions = call.life.refused(at: now) }
        case 6, 7: actions = call.life.acknowledged()
        case 8:
            call.life.transactionBegan(isInitial: false)
            call.transactions.append((now + 5, false))
            actions = call.life.bye(at: now)
        case 9, 10: actions = call.life.request(at: now, resets: dice.roll(2) == 0)
        case 11:
            actions = call.life.set(lifetime: UInt32(1 + dice.roll(300)), at: now, isWish: dice.roll(2) == 0)
        case 12:
            actions = call.life.set(
                lifetime: UInt32(dice.roll(300)), owner: 1, standard: 120, at: now)
        case 13: actions = call.life.set(limit: UInt32(dice.roll(500)), at: now)
        case 14: actions = call.life.warn(before: UInt32(dice.roll(60)))
        default:
            if dice.roll(3) == 0, call.life.isCall, call.life.hasRow {
                // It goes down with its rows, and comes back.
                let life = call.life
                call.life = Life(
                    restored: life.state, created: life.created, started: life.started,
                    lifetime: life.lifetime, deadline: life.deadline, limit: life.limit, wish: life.wish,
                    warning: life.warning, owner: life.owner)
                call.transactions = []
            } else {
                actions = call.life.end(.ended, at: now)
            }
        }
        calls[id] = call
        perform(id, actions)
    }
}

/// Machines under random sequences of events, checked against a model (issue: no sequence leaves anything behind).
@Suite struct DialogModelTests {
    @Test(arguments: 0..<20) func `no sequence of events leaves a dialog, a timer or a row behind`(
        _ seed: Int
    ) {
        var dice = Dice(state: UInt64(seed) &* 7919 &+ 17)
        var world = World()
        // An hour of calls, several a second at times.
        while world.now < 3600 {
            for _ in 0..<dice.roll(3) { world.invite() }
            for _ in 0..<dice.roll(12) {
                let keys = world.calls.keys.sorted()
                if !keys.isEmpty { world.happen(keys[dice.roll(keys.count)], &dice) }
            }
            world.pass(UInt32(1 + dice.roll(5)))
        }
        // The longest lifetime, then its BYEs, then what is only kept for late copies.
        world.pass(500 + 32 + 300 + 10)
        #expect(world.faults.isEmpty, "\(world.faults.prefix(5))")
        #expect(world.calls.isEmpty, "\(world.calls.prefix(3))")
        #expect(world.rows.isEmpty)
        #expect(world.wheel.count == 0)
        #expect(world.next > 500)
    }

    @Test(arguments: 0..<10) func `the wheel gives each entry back once, at its second, in order`(_ seed: Int)
    {
        var dice = Dice(state: UInt64(seed) &* 31 &+ 5)
        var wheel = Wheel(at: 1000)
        var model: [UInt32: UInt32] = [:]
        var now: UInt32 = 1000
        for _ in 0..<4000 {
            let entry = UInt32(1 + dice.roll(300))
            switch dice.roll(4) {
            case 0, 1:
                let due = now + UInt32(dice.roll(10_000))
                wheel.set(entry, at: due)
                model[entry] = due
            case 2:
                wheel.remove(entry)
                model[entry] = nil
            default:
                now += UInt32(dice.roll(200))
                wheel.advance(to: now)
                var taken: Set<UInt32> = []
                while let one = wheel.take() {
                    #expect((model[one] ?? .max) <= now)
                    model[one] = nil
                    taken.insert(one)
                }
                #expect(!model.values.contains { $0 <= now })
            }
            #expect(wheel.count == model.count)
        }
    }

    @Test func `a clock that jumps far ahead loses nobody`() {
        var wheel = Wheel(at: 10)
        for entry in 1...5000 { wheel.set(UInt32(entry), at: 10 + UInt32(entry)) }
        wheel.advance(to: 1_000_000)
        var count = 0
        while wheel.take() != nil { count += 1 }
        #expect(count == 5000)
    }

    @Test(arguments: 0..<10) func `the map of transactions agrees with a dictionary`(_ seed: Int) {
        var dice = Dice(state: UInt64(seed) &+ 99)
        var map = TransactionMap()
        var model: [UInt64: UInt64] = [:]
        for step in 1...20_000 {
            let key = UInt64(1 + dice.roll(700)) << 24 | 7
            if dice.roll(2) == 0 {
                let isNew = map.add(
                    TransactionMap.Entry(
                        transaction: key, dialog: UInt64(step), direction: 1, isInitial: false))
                #expect(isNew == (model[key] == nil))
                if isNew { model[key] = UInt64(step) }
            } else {
                let removed = map.remove(key)?.dialog
                #expect(removed == model.removeValue(forKey: key))
            }
            #expect(map.count == model.count)
            let found = map.find(key)?.dialog
            #expect(found == model[key])
        }
    }
}
