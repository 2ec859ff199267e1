// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Script
import Worker

/// What happens on each worker before it reads anything: hooks of core.worker, and on the first one the blocks of the
/// script that run once.
enum WorkerStart {
    /// [main] The workers' states, once there is a script.
    static func prepare(_ program: Program, _ group: WorkerGroup) {
        guard let services = host.services else { return }
        let states = WorkerState.Pointer.allocate(capacity: group.workers.count)
        for (index, worker) in group.workers.enumerated() {
            let values = WorkerValues.open(worker: index)
            let note = UnsafeMutablePointer<CallNote>.allocate(capacity: 1)
            note.initialize(to: CallNote())
            let scripts = MachinePool(
                program: program, worker: UInt32(index), values: values, services: services, note: note)
            (states + index).initialize(
                to: WorkerState(
                    index: UInt32(index), worker: .passUnretained(worker), messages: worker.pool,
                    scripts: scripts,
                    values: values, note: note, idle: nil, tickets: Tickets(owner: UInt8(index))))
        }
        host.workers = states
    }

    /// On the worker.
    static func run(on worker: Worker) {
        guard let state = WorkerState.of(UInt32(worker.index)) else { return }
        CrashReport.prepareThread()
        _ = runHooks(.worker, nil, on: state)
        guard worker.index == 0 else { return }
        for block in [host.blocks.startup, host.blocks.firstWorker] where block != 0 {
            _ = HostFunctions.runBlock(block, nil, on: state)
        }
    }

    /// [main] Blocks that run again and again: timer_route[NAME, seconds].
    static func setTimers(_ configuration: Configuration, _ program: Program, _ group: WorkerGroup) {
        for item in configuration.items {
            guard case .route(let block) = item.kind, block.kind == .timer, let seconds = block.interval,
                let name = block.name
            else { continue }
            let route = program.route(UInt32(MT_IN_EVENT), named: "timer_route:\(name.value)")
            guard route != 0 else { continue }
            group.workers[0].every(
                UInt32(clamping: max(seconds, 1) * 1000),
                Job(
                    { route, _, _ in
                        guard let state = WorkerState.current else { return }
                        _ = HostFunctions.runBlock(UInt32(UInt(bitPattern: route)), nil, on: state)
                    }, UnsafeMutableRawPointer(bitPattern: UInt(route))))
        }
    }
}
