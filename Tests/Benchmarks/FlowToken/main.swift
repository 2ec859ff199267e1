// SPDX-License-Identifier: Apache-2.0
import Glibc

// What a flow token costs: made, checked, and refused. Processor time of one thread, the best of several rounds.

private let keys = Keyring([TokenKey(secret: Array("new".utf8))])
private let two = Keyring([TokenKey(secret: Array("new".utf8)), TokenKey(secret: Array("old".utf8))])
private let v4 = FlowName(
    .tcp, local: FlowPoint(v4: 0xc000_020a, port: 5060), remote: FlowPoint(v4: 0xc633_6407, port: 40001))
private let v6 = FlowName(
    .tcp, local: FlowPoint(high: 0x2001_0db8_0000_0000, low: 1, port: 5060),
    remote: FlowPoint(high: 0x2001_0db8_0000_0000, low: 2, port: 40001))

private func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}

private func measure(_ name: String, _ body: () -> Bool) {
    let rounds = 1_000_000
    var best = Double.infinity
    for _ in 0..<5 {
        let start = now()
        var good = 0
        for _ in 0..<rounds where body() { good += 1 }
        best = min(best, (now() - start) / Double(rounds))
        precondition(good == rounds, name)
    }
    print(name, Int(best), "ns")
}

private let room = UnsafeMutablePointer<UInt8>.allocate(capacity: FlowToken.room)
private func text(_ flow: FlowName) -> UnsafeBufferPointer<UInt8> {
    let place = UnsafeMutablePointer<UInt8>.allocate(capacity: FlowToken.room)
    return UnsafeBufferPointer(start: place, count: FlowToken.write(flow, keys, time: nil, into: place))
}
for (name, flow) in [("IPv4", v4), ("IPv6", v6)] {
    let token = text(flow)
    measure("\(name) made") { FlowToken.write(flow, keys, time: nil, into: room) > 0 }
    measure("\(name) checked") { FlowToken.read(token, keys) == .flow(flow) }
    measure("\(name) checked with two keys") { FlowToken.read(token, two) == .flow(flow) }
}
private let forged = UnsafeMutableBufferPointer(mutating: text(v4))
forged[0] ^= 1
measure("forged") { FlowToken.read(UnsafeBufferPointer(forged), keys) == .forged }
