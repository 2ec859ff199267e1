// SPDX-License-Identifier: Apache-2.0
import CMartlet
import TmLogic

/// A branch of a transaction as one word, for callbacks that may come when it is gone: 26 bits of the generation, 6
/// of the branch, and where the transaction stands.
struct Token {
    private let word: UInt64

    init(_ handle: Handle, _ branch: Int) {
        word =
            UInt64(handle.generation & 0x3ff_ffff) << 38 | UInt64(branch & 63) << 32
            | handle.number & 0xffff_ffff
    }

    init(_ user: UnsafeMutableRawPointer?) { word = UInt64(UInt(bitPattern: user)) }

    var user: UnsafeMutableRawPointer? { UnsafeMutableRawPointer(bitPattern: UInt(word)) }

    var transaction: TransactionPointer? {
        let part = Handle(number: word & 0xffff_ffff)
        return tables[Int(part.worker)].find(part, generation: UInt32(word >> 38), bits: 0x3ff_ffff)
    }

    var branch: BranchPointer? { transaction?.branch(Int(word >> 32) & 63) }
}

extension Table {
    func find(_ handle: Handle, generation: UInt32, bits: UInt32) -> TransactionPointer? {
        guard let there = occupant(handle.index), there.pointee.generation & bits == generation else {
            return nil
        }
        return there
    }
}
