// SPDX-License-Identifier: Apache-2.0
import Testing
import TmLogic

/// Where transactions stand.
@Suite struct TmPlacesTests {
    @Test func `the lowest free place is taken`() {
        var places = Places()
        #expect((0..<10_000).allSatisfy { places.take() == $0 })
        for gone: UInt32 in [9_999, 4_096, 64, 63, 5_000] { places.give(gone) }
        #expect([63, 64, 4_096, 5_000, 9_999, 10_000].allSatisfy { places.take() == $0 })
    }

    @Test func `of 16,777,216 places each is given once, and again when it came back`() {
        var places = Places()
        #expect((0..<Places.most).allSatisfy { places.take() == $0 })
        #expect(places.take() == nil)
        for gone: UInt32 in [0, 262_143, 16_777_215] {
            places.give(gone)
            #expect(places.take() == gone)
            #expect(places.take() == nil)
        }
    }

    @Test func `whatever comes and goes, nobody stands where another does`() {
        var places = Places()
        var taken: Set<UInt32> = []
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            if taken.isEmpty || UInt8.random(in: 0..<100, using: &random) < 55 {
                let place = places.take()
                #expect(place.map { taken.insert($0).inserted } == true)
            } else if let gone = taken.randomElement(using: &random) {
                taken.remove(gone)
                places.give(gone)
            }
        }
        #expect(
            (0..<100).allSatisfy { piece in
                places.isEmpty(from: piece << 8, words: 4)
                    == taken.isDisjoint(with: piece << 8..<(piece + 1) << 8)
            })
    }

    @Test func `a piece stays where it is while anybody stands there`() {
        var pieces = Pieces<Int>()
        var first: UnsafeMutablePointer<Int>?
        for index in 0..<1_000 {
            guard let (number, there) = pieces.take() else { return #expect(Bool(false)) }
            #expect(number == index && there.pointee == 0)
            there.pointee = index
            if index == 0 { first = there }
        }
        #expect(pieces.end == 1_024 && pieces.room == 1_024)
        #expect(pieces[0] == first && (0..<1_000).allSatisfy { pieces[UInt32($0)]?.pointee == $0 })
    }

    @Test func `what a burst needed goes back when it is over, and comes again in zeroes`() {
        var pieces = Pieces<Int>()
        for _ in 0..<10_000 { pieces.take()?.there.pointee = 7 }
        for index: UInt32 in 1..<10_000 where index != 6_000 { pieces.give(index) }
        // It was needed until now.
        var isAll = pieces.trim(keeping: 512, atMost: 100)
        #expect(isAll && pieces.room == 10_240)
        var left: [UInt32] = []
        isAll = pieces.trim(keeping: 512, atMost: 10) { first, all in
            left.append(first)
            #expect(all.count == 256 && all.contains(7))
        }
        #expect(!isAll)
        #expect(left == (30..<40).reversed().map { $0 << 8 } && pieces.room == 30 * 256)
        isAll = pieces.trim(keeping: 512, atMost: 100)
        #expect(isAll)
        // The first and the one at 6,000 are there.
        #expect(pieces.room == 512 && pieces[0]?.pointee == 7 && pieces[6_000]?.pointee == 7)
        #expect(pieces[256] == nil)
        for index: UInt32 in 1..<300 { #expect(pieces.take()?.index == index) }
        #expect(pieces[256]?.pointee == 0 && pieces.room == 768)
    }
}
