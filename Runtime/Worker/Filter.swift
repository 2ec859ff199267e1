// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc

/// What a plugin offers as "filter.NAME": functions that turn bytes into bytes on a connection.
public struct Filter: @unchecked Sendable {
    public let name: String
    public let api: UnsafePointer<mt_filter_api>
    public let host: UnsafePointer<mt_host>?
    /// Of the floor above, which calls it.
    public let note: UnsafeRawPointer?

    public init(
        _ name: String, _ api: UnsafePointer<mt_filter_api>, host: UnsafePointer<mt_host>? = nil,
        note: UnsafeRawPointer? = nil
    ) {
        self.name = name
        self.api = api
        self.host = host
        self.note = note
    }

    /// Lives as long as the process, as the plugin does.
    fileprivate var placed: UnsafePointer<Filter> {
        let place = UnsafeMutablePointer<Filter>.allocate(capacity: 1)
        place.initialize(to: self)
        return UnsafePointer(place)
    }
}

/// The filters that are loaded. Set before the workers start.
public struct Filters: @unchecked Sendable {
    let tls, ws: UnsafePointer<Filter>?

    public init(tls: Filter? = nil, ws: Filter? = nil) {
        self.tls = tls?.placed
        self.ws = ws?.placed
    }

    /// The names of the filters that a transport is made of, the one next to the wire first.
    public static func names(of transport: Transport) -> [String] {
        switch transport {
        case .tls: ["tls"]
        case .ws: ["ws"]
        case .wss: ["tls", "ws"]
        case .udp, .tcp, .sctp: []
        }
    }
}

/// One filter of one connection: what a plugin knows as `mt_stage`.
public struct Stage {
    enum Phase: UInt8 {
        case waiting
        /// Inside of `open`; whether it said `ready` there.
        case opening, openingReady
        case open, ready, closed
    }

    public let filter: UnsafePointer<Filter>
    /// The plugin's own; nil before `open` has answered.
    public internal(set) var state: OpaquePointer?
    let connection: UnsafeMutablePointer<Connection>
    var above, below: StagePointer?
    var phase = Phase.waiting

    public var flow: UnsafePointer<mt_flow> {
        UnsafePointer(
            UnsafeMutableRawPointer(connection).advanced(by: Stage.flowOffset)
                .assumingMemoryBound(to: mt_flow.self))
    }
    private static let flowOffset = MemoryLayout<Connection>.offset(of: \Connection.flow) ?? 0
}

public typealias StagePointer = UnsafeMutablePointer<Stage>

/// The filters between the wire of a connection and its framer, and what waits for them to be ready.
struct FilterChain {
    static let most = 2

    let stages: StagePointer
    private(set) var count = 0
    /// All of them are: what is sent goes through at once.
    var isReady = false
    /// A filter said so: what waits will never be sent.
    var isOver = false
    /// The domain that an outgoing connection is to reach.
    var name: UnsafeMutablePointer<UInt8>?
    var nameCount = 0
    /// Messages that wait until it is ready, each behind its size.
    var waiting: UnsafeMutablePointer<UInt8>?
    var waitingCount = 0

    typealias Pointer = UnsafeMutablePointer<FilterChain>

    static func make() -> Pointer {
        let chain = Pointer.allocate(capacity: 1)
        chain.initialize(to: FilterChain(stages: .allocate(capacity: most)))
        return chain
    }

    private init(stages: StagePointer) { self.stages = stages }

    static func free(_ chain: Pointer) {
        Glibc.free(chain.pointee.name)
        Glibc.free(chain.pointee.waiting)
        chain.pointee.stages.deallocate()
        chain.deallocate()
    }

    var bottom: StagePointer { stages }
    var top: StagePointer { stages + (count - 1) }

    /// One more, above the others.
    mutating func add(_ filter: UnsafePointer<Filter>, _ connection: UnsafeMutablePointer<Connection>) {
        let stage = stages + count
        stage.initialize(to: Stage(filter: filter, connection: connection))
        if count > 0 {
            stage.pointee.below = top
            top.pointee.above = stage
        }
        count += 1
    }

    /// False: there is no memory.
    mutating func wait(_ bytes: UnsafeRawPointer, _ size: Int) -> Bool {
        let room = waitingCount + 8 + size
        guard let grown = realloc(waiting, room)?.assumingMemoryBound(to: UInt8.self) else { return false }
        waiting = grown
        UnsafeMutableRawPointer(grown + waitingCount).storeBytes(of: UInt64(size), as: UInt64.self)
        memcpy(grown + waitingCount + 8, bytes, size)
        waitingCount = room
        return true
    }
}

/// What a filter is asked to do.
public enum FilterStep {
    case open(outgoing: Bool, name: mt_str)
    case received(mt_str)
    case send(mt_str)
    case close(orderly: Bool)
}

extension Stage {
    /// Calls the plugin. False: that is the end of the connection.
    @inline(__always)
    public static func run(
        _ stage: StagePointer, _ step: FilterStep, _ call: UnsafeMutablePointer<mt_call>
    ) -> Bool {
        let api = stage.pointee.filter.pointee.api
        switch step {
        case .open(let outgoing, let name):
            stage.pointee.state = api.pointee.open?(call, OpaquePointer(stage), outgoing, name)
            return stage.pointee.state != nil
        case .received(let bytes):
            return (api.pointee.received?(call, stage.pointee.state, bytes) ?? mt_result(MT_ERROR)) >= 0
        case .send(let bytes):
            return (api.pointee.send?(call, stage.pointee.state, bytes) ?? mt_result(MT_ERROR)) >= 0
        case .close(let orderly):
            api.pointee.close?(call, stage.pointee.state, orderly)
            return true
        }
    }
}
