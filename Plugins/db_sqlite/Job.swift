// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Db_sqliteLogic
import PluginKit

/// Something that a plugin has asked for, on its way to the database and back.
struct Job: @unchecked Sendable {
    enum Work {
        case put
        case find([Statement.Condition], row: mt_fn?)
        case erase([Statement.Condition])
        case count([Statement.Condition], distinct: Int?)
    }

    let table: OpenTable
    let work: Work
    /// The row, or what the conditions compare with.
    let values: PackedValues
    let host: UnsafePointer<mt_host>?
    let worker: UInt32
    let done: mt_fn?
    let user: UnsafeMutableRawPointer?

    // The answer.
    var result = mt_result(MT_ERROR)
    var rows: [PackedValues] = []
    var number = 0

    var writes: Bool {
        switch work {
        case .put, .erase: true
        case .find, .count: false
        }
    }

    /// On the worker that asked: the rows, and the end.
    func answer() {
        var call = mt_call()
        call.host = host
        call.user = user
        call.worker = worker
        if case .find(_, let row?) = work {
            for values in rows {
                call.args = UnsafePointer(values.values)
                call.argc = UInt32(values.count)
                _ = row(&call)
            }
        }
        for row in rows { row.free() }
        guard let done else { return }
        var value = mt_value(number)
        call.result = result
        if case .count = work { call.argc = 1 } else { call.argc = 0 }
        let argc = call.argc
        withUnsafePointer(to: &value) {
            call.args = argc == 1 ? $0 : nil
            _ = done(&call)
        }
    }
}

/// The answers for one worker, which travel together.
final class Delivery: @unchecked Sendable {
    private let jobs: [Job]
    init(_ jobs: [Job]) { self.jobs = jobs }

    /// From any thread.
    func send(to worker: UInt32) {
        let held = Unmanaged.passRetained(self)
        let code = Server.loop.pointee.post(
            Server.host, worker,
            { raw in
                guard let user = raw?.pointee.user else { return Outcome.error.code }
                for job in Unmanaged<Delivery>.fromOpaque(user).takeRetainedValue().jobs { job.answer() }
                return Outcome.yes.code
            }, held.toOpaque())
        if code <= 0 { held.release() }
    }
}
