// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Message
import Script
import Worker

/// What scripts ask of the server.
enum Services {
    /// Filled once; lives as long as the process.
    static func make(serverID: Int, phoneIsTel: Bool) -> UnsafePointer<ScriptServices> {
        var services = ScriptServices()
        services.log = { context, level, text in Services.log(context, level, text) }
        services.isMine = { name, port, transport in
            host.network?._withUnsafeGuaranteedRef {
                $0.isMine(host: Slice(name), port: Int(port), transport: Transport(rawValue: transport))
            } ?? false
        }
        services.socketText = { SocketTexts.shared.text($0) }
        services.socketName = { SocketTexts.shared.name($0) }
        services.socketAdvertised = { socket in
            host.network?._withUnsafeGuaranteedRef { $0.advertised(socket) }.mt ?? mt_str()
        }
        services.findSocket = { SocketTexts.find($0) }
        services.findStatistic = { mt_statistic_api.made.pointee.find($0) }
        services.readStatistic = { mt_statistic_api.made.pointee.read($0) }
        services.readSetting = { group, name, out in RunningSettings.read(group, name, out) }
        services.forward = { context, transport, name, port in
            Services.forward(context, transport, name, port)
        }
        services.advertise = { context, name, port in
            guard let machine = Machine.running(context) else { return mt_result(MT_ERROR) }
            OwnVia.advertise(machine.message, host: Slice(name), port: Int(port))
            return mt_result(MT_OK)
        }
        services.alias = { context, port in
            guard let machine = Machine.running(context) else { return mt_result(MT_ERROR) }
            return mt_result(Aliasing.alias(machine.message, port: Int(port)) ? MT_OK : MT_NO)
        }
        services.letGo = { context in
            guard let machine = Machine.running(context) else { return }
            Waiting.revoke(machine)
        }
        services.started = Int64(time(nil))
        services.serverID = Int64(serverID)
        services.phoneIsTel = phoneIsTel
        services.version = Immortal.text(Version.number)
        services.fullVersion = Immortal.text(Version.full)
        let place = UnsafeMutablePointer<ScriptServices>.allocate(capacity: 1)
        place.initialize(to: services)
        return UnsafePointer(place)
    }

    private static func log(_ context: UnsafeMutableRawPointer, _ level: Int32, _ text: mt_str) {
        guard let level = Log.Level(rawValue: level), level >= Log.level else { return }
        var subject = Log.Subject(plugin: "script")
        var prefix = ""
        if let state = WorkerState.current {
            let message = context.assumingMemoryBound(to: EvaluationContext.self).pointee.message
            subject.worker = Int(state.pointee.index)
            if message.isIndexed, message.callID.isPresent { subject.callID = message.callID.string }
            prefix = state.logPrefix(message)
        }
        subject.place = Machine.running(context)?.place.map { "\($0.file.name):\($0.line)" }
        Log.write(level, prefix + Slice(text).string, subject)
    }

    private static func forward(
        _ context: UnsafeMutableRawPointer, _ transport: UInt32, _ name: mt_str, _ port: UInt32
    ) -> mt_result {
        guard let state = WorkerState.current, let machine = Machine.running(context) else {
            return mt_result(MT_ERROR)
        }
        let message = machine.message
        guard message.isRequest else { return mt_result(MT_ERROR) }
        var sending = Sending(message, on: state)
        sending.machine = machine
        var destination: Destination?
        if name.len > 0 {
            destination = Destination(
                host: Slice(name), port: Int(port), transport: Transport(rawValue: transport))
        }
        let result = sending.sendRequest(destination)
        if result == mt_result(MT_OK) { count(host.counters.forwardedRequests) }
        return result
    }
}
