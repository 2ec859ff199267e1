// SPDX-License-Identifier: Apache-2.0

/// What the workers count. Nothing is dropped without one of these.
public struct WorkerCounters: Sendable {
    public let received, sent, handedOver, keepAlives: Statistics.ID
    public let receivedTruncated, sendFailed, sendTooLarge, sendQueueFull, noSocket: Statistics.ID
    public let accepted, connected, connectFailed, refused, reset, idleClosed, sendTimeouts,
        queueFull: Statistics.ID
    public let connections, queuedBytes, framingFaults, messageTooLarge, acceptFailed, gone,
        pings: Statistics.ID
    public let streamReceived, streamSent, established: Statistics.ID
    public let handshakesFailed, handshakeTimeouts: Statistics.ID

    init(_ statistics: Statistics) {
        received = statistics.define("udp", "received")
        sent = statistics.define("udp", "sent")
        handedOver = statistics.define("worker", "handed_over")
        keepAlives = statistics.define("udp", "keepalives")
        receivedTruncated = statistics.define("udp", "received_truncated")
        sendFailed = statistics.define("udp", "send_failed")
        sendTooLarge = statistics.define("udp", "send_too_large")
        sendQueueFull = statistics.define("udp", "sendq_full")
        noSocket = statistics.define("worker", "no_socket")
        // The names that Kamailio gives them, where it has them.
        established = statistics.define("tcp", "established")
        accepted = statistics.define("tcp", "passive_open")
        connected = statistics.define("tcp", "connect_success")
        connectFailed = statistics.define("tcp", "connect_failed")
        refused = statistics.define("tcp", "local_reject")
        reset = statistics.define("tcp", "con_reset")
        idleClosed = statistics.define("tcp", "con_timeout")
        sendTimeouts = statistics.define("tcp", "send_timeout")
        queueFull = statistics.define("tcp", "sendq_full")
        connections = statistics.define("tcp", "current_opened_connections", .gauge)
        queuedBytes = statistics.define("tcp", "current_write_queue_size", .gauge)
        framingFaults = statistics.define("tcp", "framing_faults")
        messageTooLarge = statistics.define("tcp", "message_too_large")
        acceptFailed = statistics.define("tcp", "accept_failed")
        gone = statistics.define("tcp", "send_to_gone")
        pings = statistics.define("tcp", "pings")
        handshakesFailed = statistics.define("tcp", "handshake_failed")
        handshakeTimeouts = statistics.define("tcp", "handshake_timeout")
        streamReceived = statistics.define("tcp", "received")
        streamSent = statistics.define("tcp", "sent")
    }
}
