// SPDX-License-Identifier: Apache-2.0
import HtableLogic
import PluginKit

/// The walks over tables that a worker's scripts have open, by name.
///
/// A walk holds no lock: it keeps a copy of its item, and goes on behind it whatever became of it.
final class Iterators: @unchecked Sendable {
    struct Item {
        var key: UnsafeMutableRawBufferPointer
        var isNumber: Bool
        var number: Int
        var text: UnsafeMutableRawBufferPointer

        var value: ItemValue { isNumber ? .number(number) : .text(UnsafeRawBufferPointer(text)) }
    }

    private struct Walk {
        let name: String
        let table: Table
        var position = Table.Position()
        var item: Item?
    }

    static let most = 16
    nonisolated(unsafe) private static var workers: [Iterators] = []
    private var walks: [Walk] = []

    /// On the main thread, before any traffic.
    static func prepare(_ count: Int) { workers = (0..<count).map { _ in Iterators() } }
    static func of(_ worker: Int) -> Iterators { workers[worker] }

    func start(_ name: Text, _ table: Table) -> Bool {
        end(name)
        guard walks.count < Iterators.most else { return false }
        walks.append(Walk(name: String(name), table: table))
        return true
    }

    @discardableResult
    func end(_ name: Text) -> Bool {
        guard let index = index(name) else { return false }
        forget(index)
        walks.remove(at: index)
        return true
    }

    func item(_ name: Text) -> Item? { index(name).flatMap { walks[$0].item } }

    /// The table that it walks, as long as it stands at an item.
    func table(_ name: Text) -> Table? {
        index(name).flatMap { walks[$0].item == nil ? nil : walks[$0].table }
    }

    func next(_ name: Text) -> Bool {
        guard let index = index(name) else { return false }
        forget(index)
        var item: Item?
        let table = walks[index].table
        let found = table.step(&walks[index].position, now: Tables.now) { key, value in
            let copy = Iterators.copy(key)
            switch value {
            case .number(let number):
                item = Item(
                    key: copy, isNumber: true, number: number,
                    text: Iterators.copy(.init(start: nil, count: 0)))
            case .text(let text):
                item = Item(key: copy, isNumber: false, number: 0, text: Iterators.copy(text))
            }
        }
        walks[index].item = item
        return found
    }

    private func index(_ name: Text) -> Int? {
        for (index, walk) in walks.enumerated() where name.equals(walk.name) { return index }
        return nil
    }

    private func forget(_ index: Int) {
        walks[index].item?.key.deallocate()
        walks[index].item?.text.deallocate()
        walks[index].item = nil
    }

    private static func copy(_ bytes: UnsafeRawBufferPointer) -> UnsafeMutableRawBufferPointer {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        copy.copyMemory(from: bytes)
        return copy
    }
}
