// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import WebsocketLogic

/// Every keepalive_interval, on each worker.
func keepAlive(_ home: Home.Pointer, _ call: borrowing Call) {
    let mechanism = Settings.mechanism
    guard mechanism != .none, !home.pointee.links.isEmpty else { return }
    if Settings.isVerbose {
        Host.log(.debug, "\(home.pointee.links.count) connections are looked at on worker \(call.worker)")
    }
    let now = Link.now
    let timeout = UInt64(keepAliveTimeout.value) * 1000
    // None of what is done here closes a connection at once, so none leaves the table meanwhile.
    for held in home.pointee.links.values {
        held._withUnsafeGuaranteedRef { link in
            guard link.conversation.phase == .open else { return }
            switch link.conversation.keepAlive.look(at: now, mechanism, timeout: timeout) {
            case .nothing: break
            case .send(let mechanism): send(mechanism, link)
            case .giveUp:
                _ = link.close(.violation, "no answer to a ping".utf8)
                link.end = .fault
                link.finish("no answer to a ping for \(keepAliveTimeout.value) s")
            }
        }
    }
}

private func send(_ mechanism: KeepAlive.Mechanism, _ link: Link) {
    sentKeepAlives.add()
    switch mechanism {
    case .ping:
        sentFrames.add()
        link.wire(Settings.texts.ping)
    case .pong:
        sentFrames.add()
        link.wire(Settings.texts.pong)
    case .blank:
        let line: StaticString = "\r\n"
        link.send(.text, UnsafeRawBufferPointer(start: line.utf8Start, count: 2))
    case .none: break
    }
}

/// Every timer_interval: those whose peers do not answer a Close.
func endLate(_ home: Home.Pointer) {
    let now = Link.now
    for held in home.pointee.links.values {
        held._withUnsafeGuaranteedRef { link in
            guard link.conversation.phase == .closing, now >= link.closesAt else { return }
            link.finish("no answer to a Close for \(closeDelay.value) s")
        }
    }
}
