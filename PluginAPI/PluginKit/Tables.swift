// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// The lists of an mt_plugin while they are gathered. What they point to is never freed: a plugin lives as
/// long as its process.
public struct Tables {
    public typealias Slot = UnsafeMutablePointer<UnsafeRawPointer?>

    var needs: [mt_need] = []
    var offers: [mt_offer] = []
    var params: [mt_field] = []
    var functions: [mt_function] = []
    var variables: [mt_variable] = []
    var commands: [mt_command] = []
    var counters: [mt_counter] = []
    var events: [mt_event] = []
    var hooks: [mt_hook] = []
    var boxes: [AnyObject] = []
    var headers: [Header] = []
    var start: [@Sendable () -> Outcome] = []
    var stop: [@Sendable () -> Void] = []

    /// A pointer to the box for `user`, and the box kept alive.
    mutating func keep(_ box: AnyObject) -> UnsafeMutableRawPointer {
        boxes.append(box)
        return Unmanaged.passUnretained(box).toOpaque()
    }

    mutating func need(_ id: StaticString, _ slot: Slot) {
        needs.append(mt_need(id: id.pointer, major: 1, minor: 0, flags: 0, slot: slot))
    }

    func plugin(_ name: StaticString, _ version: StaticString, _ help: StaticString) -> mt_plugin {
        mt_plugin(
            magic: UInt32(MARTLET_MAGIC), major: UInt16(MARTLET_MAJOR), minor: UInt16(MARTLET_MINOR),
            size: UInt32(MemoryLayout<mt_plugin>.size), flags: 0,
            name: name.pointer, version: version.pointer, help: help.pointer,
            needs: Tables.list(needs), offers: Tables.list(offers), params: Tables.list(params),
            functions: Tables.list(functions), variables: Tables.list(variables),
            commands: Tables.list(commands),
            counters: Tables.list(counters), events: Tables.list(events), hooks: Tables.list(hooks),
            init: nil, stop: nil)
    }

    static func list<Item>(_ items: [Item]) -> mt_list {
        guard !items.isEmpty else {
            return mt_list(items: nil, count: 0, stride: UInt32(MemoryLayout<Item>.stride))
        }
        let copy = UnsafeMutableBufferPointer<Item>.allocate(capacity: items.count)
        _ = copy.initialize(from: items)
        return mt_list(
            items: copy.baseAddress, count: UInt32(items.count), stride: UInt32(MemoryLayout<Item>.stride))
    }
}

extension StaticString {
    /// Literals end in a zero byte.
    @usableFromInline var pointer: UnsafePointer<CChar> {
        UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
    }
}

/// The one trampoline: whatever the server calls, `user` is one of these.
///
/// The closure is called straight from the box, without retaining it; the box is kept by the plugin.
@usableFromInline final class Box: Sendable {
    let body: @Sendable (borrowing Call) -> Outcome

    @usableFromInline init(_ body: @escaping @Sendable (borrowing Call) -> Outcome) { self.body = body }

    static let enter: mt_fn = { raw in
        let raw = raw.unsafelyUnwrapped
        return Unmanaged<Box>.fromOpaque(raw.pointee.user.unsafelyUnwrapped)._withUnsafeGuaranteedRef {
            $0.body(Call(raw)).code
        }
    }
}
