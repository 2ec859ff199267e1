// SPDX-License-Identifier: Apache-2.0
import Message
import Worker

/// Where a message may still go when the place that it was sent to turns out to be no good. Kept in a word of the
/// core's own and in the message's memory, so it goes with the message; one that was sent to a numeric address has
/// none.
struct Remaining {
    /// Behind that of `OwnVia`.
    static let slot = OwnVia.slot + 1

    /// A step of an itinerary, flat.
    private struct Stop {
        enum Kind: UInt8 { case rules, secureRules, services, domain, v4, v6, endpoint }
        var kind: Kind
        var transport = Transport.udp
        var port: UInt16 = 0
        var name = Slice.absent
        var endpoint = Endpoint(high: 0, low: 0, port: 0)
    }
    private var count: Int

    private typealias Place = UnsafeMutablePointer<Remaining>

    static func keep(_ steps: [Itinerary.Step], on message: Message) {
        guard !steps.isEmpty else { return forget(message) }
        let (place, stops) = make(steps.count, on: message)
        place.initialize(to: Remaining(count: steps.count))
        for (index, step) in steps.enumerated() {
            func name(_ text: String) -> Slice {
                var text = text
                return text.withUTF8 { message.keepBytes(Slice(base: $0.baseAddress, count: $0.count)) }
            }
            let stop =
                switch step {
                case .rules(let domain, let isSecure):
                    Stop(kind: isSecure ? .secureRules : .rules, name: name(domain))
                case .services(let service, let transport):
                    Stop(kind: .services, transport: transport, name: name(service))
                case .domain(let domain, let transport):
                    Stop(kind: .domain, transport: transport, name: name(domain))
                case .addresses(let host, let port, let transport, let v4):
                    Stop(kind: v4 ? .v4 : .v6, transport: transport, port: port, name: name(host))
                case .endpoint(let endpoint, let transport):
                    Stop(kind: .endpoint, transport: transport, endpoint: endpoint)
                }
            (stops + index).initialize(to: stop)
        }
    }

    /// What is left; it is the message's no longer.
    static func take(from message: Message) -> [Itinerary.Step] {
        guard let place = of(message) else { return [] }
        forget(message)
        let stops = stops(place)
        return (0..<place.pointee.count).map { index in
            let stop = stops[index]
            return switch stop.kind {
            case .rules: .rules(stop.name.string, isSecure: false)
            case .secureRules: .rules(stop.name.string, isSecure: true)
            case .services: .services(stop.name.string, stop.transport)
            case .domain: .domain(stop.name.string, stop.transport)
            case .v4: .addresses(stop.name.string, stop.port, stop.transport, v4: true)
            case .v6: .addresses(stop.name.string, stop.port, stop.transport, v4: false)
            case .endpoint: .endpoint(stop.endpoint, stop.transport)
            }
        }
    }

    /// How many steps are left.
    static func count(on message: Message) -> Int { of(message)?.pointee.count ?? 0 }

    /// A copy may go on where the message could.
    static func copy(from original: Message, to copy: Message) {
        guard let place = of(original) else { return }
        let (other, stops) = make(place.pointee.count, on: copy)
        other.initialize(to: place.pointee)
        for index in 0..<place.pointee.count {
            var stop = self.stops(place)[index]
            stop.name = copy.keepBytes(stop.name)
            (stops + index).initialize(to: stop)
        }
    }

    @inline(__always) static func forget(_ message: Message) {
        let word = message.slot(slot)
        if word.pointee != 0 { word.pointee = 0 }
    }

    private static func of(_ message: Message) -> Place? {
        UnsafeMutablePointer(bitPattern: UInt(message.slot(slot).pointee))
    }

    private static func make(_ count: Int, on message: Message) -> (Place, UnsafeMutablePointer<Stop>) {
        let size = MemoryLayout<Remaining>.stride + count * MemoryLayout<Stop>.stride
        let place = message.alloc(size).bindMemory(to: Remaining.self, capacity: 1)
        message.slot(slot).pointee = UInt64(UInt(bitPattern: place))
        return (place, stops(place))
    }

    /// Behind the count. Safe because `make` took memory for as many as that says.
    private static func stops(_ place: Place) -> UnsafeMutablePointer<Stop> {
        UnsafeMutableRawPointer(place + 1).assumingMemoryBound(to: Stop.self)
    }
}
