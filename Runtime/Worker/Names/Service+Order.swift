// SPDX-License-Identifier: Apache-2.0

extension Service {
    /// In the order that they are tried (RFC 2782): the lowest priority first; in one priority by chance, the more
    /// often first the more weight they have, or without `balances` the heaviest first.
    static func ordered(_ services: [Service], balances: Bool, dice: inout Dice) -> [Service] {
        let byPriority = services.enumerated().sorted {
            let (a, b) = ($0.element, $1.element)
            if a.priority != b.priority { return a.priority < b.priority }
            // Those without weight come first, so that they have a small chance to be chosen.
            if a.weight != b.weight { return balances ? a.weight < b.weight : a.weight > b.weight }
            return $0.offset < $1.offset
        }.map(\.element)
        guard balances else { return byPriority }
        var result: [Service] = []
        var rest = byPriority[...]
        while let first = rest.first {
            var group = Array(rest.prefix { $0.priority == first.priority })
            rest = rest.dropFirst(group.count)
            while !group.isEmpty { result.append(group.remove(at: chosen(of: group, &dice))) }
        }
        return result
    }

    /// The first whose running sum of weights is not below a number between 0 and the whole sum.
    private static func chosen(of group: [Service], _ dice: inout Dice) -> Int {
        let sum = group.reduce(0) { $0 + Int($1.weight) }
        let number = Int(dice.next() % UInt64(sum + 1))
        var running = 0
        for (index, service) in group.enumerated() {
            running += Int(service.weight)
            if running >= number { return index }
        }
        return 0
    }
}

/// Numbers by chance, from one that was by chance (splitmix64): whoever knows the first knows all.
struct Dice: Equatable, Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
