// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import RrLogic

/// What rr knows about one message, in that message's memory. The message's slot word points to it.
struct RouteState {
    enum Recorded { case no, plain, preset, advertised }

    // What record_route() did.
    var recorded = Recorded.no
    /// It is that of the request which this branch is a copy of.
    var isInherited = false
    var isDouble = false
    var isSecure = false
    /// The sockets that the header names now.
    var socketIn: UInt32 = .max
    var socketOut: UInt32 = .max
    /// "user@", or empty.
    var user = mt_str()
    /// A preset's addresses, or the advertised one.
    var address = mt_str()
    var secondAddress = mt_str()
    /// ";lr;ftag=x;did=1", what both headers end with.
    var tail = mt_str()
    /// What add_rr_param() gave before there was a header.
    var waiting = mt_str()

    // What loose_route() did.
    var hasRouted = false
    var followsRoute = false
    /// The first Route URI as it arrived.
    var routeURI = mt_str()
    /// ";lr;ftag=x" of our own Route URI.
    var params = mt_str()
    var direction = Direction.downstream

    static func find(_ message: Message) -> UnsafeMutablePointer<RouteState>? {
        UnsafeMutablePointer(bitPattern: UInt(message.slot))
    }

    /// Hook "core.copied": each branch may leave by another socket, and then its Record-Route has to name that one. The
    /// copy's texts are its own: it may outlive the original.
    static func carryOver(from original: Message, to copy: Message) {
        guard let state = find(original), let own = make(copy) else { return }
        own.pointee = state.pointee
        own.pointee.isInherited = true
        own.pointee.user = copy.keep(state.pointee.user).raw
        own.pointee.address = copy.keep(state.pointee.address).raw
        own.pointee.secondAddress = copy.keep(state.pointee.secondAddress).raw
        own.pointee.tail = copy.keep(state.pointee.tail).raw
        own.pointee.waiting = copy.keep(state.pointee.waiting).raw
        own.pointee.routeURI = copy.keep(state.pointee.routeURI).raw
        own.pointee.params = copy.keep(state.pointee.params).raw
    }

    static func make(_ message: Message) -> UnsafeMutablePointer<RouteState>? {
        if let state = find(message) { return state }
        let memory = message.allocate(MemoryLayout<RouteState>.stride)
        guard let start = memory.baseAddress else { return nil }
        let state = start.bindMemory(to: RouteState.self, capacity: 1)
        state.initialize(to: RouteState())
        message.slot = UInt64(UInt(bitPattern: state))
        return state
    }
}
