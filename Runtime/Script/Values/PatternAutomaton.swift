// SPDX-License-Identifier: Apache-2.0
import Message

/// Does a regular expression match anywhere in a text? One table, one step per byte.
///
/// Bytes that no part of the expression tells apart share a column; each row is a set of places in the
/// expression where one may be. The rows "never again" and "found" lead to themselves, so the loop looks for
/// them only once in four bytes. The last column is the end of the text.
struct PatternAutomaton {
    /// 256 columns, by byte.
    let columns: UnsafePointer<UInt8>
    /// Where the next row starts; rows follow each other.
    let table: UnsafePointer<UInt16>
    let width: Int
    let start: UInt16

    /// The row that gives up starts at 0, the one that has found at `width`.
    func matches(_ text: Slice) -> Bool {
        var row = Int(start)
        let found = width
        guard let base = text.base else { return Int(table[row + width - 1]) == found }
        var index = 0
        let count = text.count
        while index + 4 <= count {
            row = Int(table[row + Int(columns[Int(base[index])])])
            row = Int(table[row + Int(columns[Int(base[index + 1])])])
            row = Int(table[row + Int(columns[Int(base[index + 2])])])
            row = Int(table[row + Int(columns[Int(base[index + 3])])])
            if row <= found { return row == found }
            index += 4
        }
        while index < count {
            row = Int(table[row + Int(columns[Int(base[index])])])
            index += 1
        }
        return Int(table[row + width - 1]) == found
    }

    /// nil when the expression is beyond it, or its table would be large.
    static func make(
        _ pattern: [UInt8], ignoringCase: Bool, in storage: CodeStorage
    ) -> UnsafePointer<PatternAutomaton>? {
        guard pattern.count <= 2000 else { return nil }
        var reader = PatternReader(pattern, ignoringCase: ignoringCase)
        guard let tree = try? reader.tree() else { return nil }  // nil: glibc does it
        var net = PatternNet()
        guard let first = net.add(tree, before: PatternNet.accept), let table = PatternTable(net, first)
        else {
            return nil
        }
        return UnsafePointer(
            storage.place(
                PatternAutomaton(
                    columns: storage.place(table.columns).baseAddress!,
                    table: storage.place(table.rows).baseAddress!,
                    width: table.width, start: table.start)))
    }
}

/// The expression as a net of places; from each one goes on by a byte, or without one.
struct PatternNet {
    enum Place {
        case accept
        case byte(ByteSet, next: Int)
        case either([Int])
        case start(next: Int)
        case end(next: Int)
    }

    static let accept = 0
    private static let limit = 3000
    private(set) var places: [Place] = [.accept]

    private mutating func place(_ place: Place) -> Int? {
        guard places.count < Self.limit else { return nil }
        places.append(place)
        return places.count - 1
    }

    /// Adds the tree so that it leads to `next`; answers where it starts.
    mutating func add(_ tree: PatternTree, before next: Int) -> Int? {
        switch tree {
        case .empty: return next
        case .start: return place(.start(next: next))
        case .end: return place(.end(next: next))
        case .bytes(let set): return place(.byte(set, next: next))
        case .sequence(let items):
            var next = next
            for item in items.reversed() {
                guard let start = add(item, before: next) else { return nil }
                next = start
            }
            return next
        case .choice(let branches):
            var starts: [Int] = []
            for branch in branches {
                guard let start = add(branch, before: next) else { return nil }
                starts.append(start)
            }
            return place(.either(starts))
        case .repeated(let item, let least, let most):
            var next = next
            if let most {
                for _ in least..<most {
                    guard let start = add(item, before: next), let skip = place(.either([start, next])) else {
                        return nil
                    }
                    next = skip
                }
            } else {
                guard let loop = place(.either([])), let start = add(item, before: loop) else { return nil }
                places[loop] = .either([start, next])
                next = loop
            }
            for _ in 0..<least {
                guard let start = add(item, before: next) else { return nil }
                next = start
            }
            return next
        }
    }
}

/// The table made from a net: every set of places that can be reached becomes a row.
struct PatternTable {
    private static let limit = 1200

    let columns: [UInt8]
    private(set) var rows: [UInt16] = []
    let width: Int
    private(set) var start: UInt16 = 0

    init?(_ net: PatternNet, _ first: Int) {
        // Bytes that are in the same sets share a column.
        var kinds: [[Bool]: UInt8] = [:]
        var columns: [UInt8] = []
        var samples: [UInt8] = []
        let sets = Set(net.places.compactMap { if case .byte(let set, _) = $0 { set } else { nil } })
        for byte in UInt8.min...UInt8.max {
            let kind = sets.map { $0.contains(byte) }
            if kinds[kind] == nil {
                guard kinds.count < 255 else { return nil }
                kinds[kind] = UInt8(kinds.count)
                samples.append(byte)
            }
            columns.append(kinds[kind] ?? 0)
        }
        self.columns = columns
        let width = samples.count + 1
        self.width = width

        /// Everything reachable without a byte.
        func reach(_ seeds: [Int], atStart: Bool, atEnd: Bool) -> [Int] {
            var seen = Set<Int>()
            var work = seeds
            while let place = work.popLast() {
                guard seen.insert(place).inserted else { continue }
                switch net.places[place] {
                case .accept, .byte: break
                case .either(let next): work += next
                case .start(let next): if atStart { work.append(next) }
                case .end(let next): if atEnd { work.append(next) }
                }
            }
            return seen.sorted()
        }

        let again = reach([first], atStart: false, atEnd: false)
        let restart =
            again.contains { if case .byte = net.places[$0] { true } else { false } }
            || again.contains { if case .end = net.places[$0] { true } else { false } }
        var numbers: [[Int]: Int] = [[]: 0, [PatternNet.accept]: 1]
        var pending: [[Int]] = []
        func number(_ places: [Int]) -> Int? {
            let key = places.contains(PatternNet.accept) ? [PatternNet.accept] : places
            if let number = numbers[key] { return number }
            guard numbers.count < Self.limit, (numbers.count + 1) * width < 65_536 else { return nil }
            numbers[key] = numbers.count
            pending.append(key)
            return numbers.count - 1
        }

        guard let startRow = number(reach([first], atStart: true, atEnd: false)) else { return nil }
        var rows = [UInt16](repeating: 0, count: width) + [UInt16](repeating: UInt16(width), count: width)
        var done = 0
        while done < pending.count {
            let places = pending[done]
            done += 1
            var row: [UInt16] = []
            for sample in samples {
                var seeds: [Int] = []
                for place in places {
                    if case .byte(let set, let next) = net.places[place], set.contains(sample) {
                        seeds.append(next)
                    }
                }
                var reached = reach(seeds, atStart: false, atEnd: false)
                if restart { reached = Array(Set(reached).union(again)).sorted() }
                guard let next = number(reached) else { return nil }
                row.append(UInt16(next * width))
            }
            let atEnd = reach(places, atStart: places == pending[0] && startRow == 2, atEnd: true)
            row.append(atEnd.contains(PatternNet.accept) ? UInt16(width) : 0)
            rows += row
        }
        self.rows = rows
        start = UInt16(startRow * width)
    }
}
