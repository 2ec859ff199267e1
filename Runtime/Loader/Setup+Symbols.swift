// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Script
import Worker

extension Setup {
    /// What routes may call and name.
    func fillSymbols() {
        symbols.isIncomplete = !loader.failed.isEmpty
        symbols.findSocket = { [network] in network.socket(named: $0) }
        symbols.takeFailure = { [failures] in failures.take() }
        symbols.findStore = { [loader] url in
            let scheme = url.prefix { $0 != ":" }
            return loader.offer("store.\(scheme)").map { UnsafeMutableRawPointer(mutating: $0) }
        }
        symbols.findOffer = { [loader] name in
            loader.unloaded.first { $0.table.functions.contains { $0.name == name } }?.file
        }
        for plugin in loader.plugins {
            for function in plugin.table.functions { symbols.add(ScriptFunction(function, plugin)) }
            for variable in plugin.table.variables {
                // One that is only written reads as nothing.
                let nothing: mt_fn = { _ in mt_result(MT_NO) }
                symbols.add(
                    ScriptVariable(
                        name: variable.name, plugin: plugin.name, get: variable.get ?? nothing,
                        set: variable.set, user: variable.user, prepare: variable.prepare,
                        prepareUser: variable.ownUser, host: plugin.host.asHost))
            }
            for event in plugin.table.events { symbols.add(event: "\(plugin.name):\(event.name)") }
        }
        for event in CoreBlocks.names { symbols.add(event: event) }
        // What a plugin runs by route() is an event too, though none of its table.
        for plugin in loader.plugins {
            for name in routes.names(UInt32(MT_IN_EVENT)) where name.hasPrefix("\(plugin.name):") {
                symbols.add(event: name)
            }
        }
    }

    /// Numbers events and counters, and fills the blocks of the plugins.
    func defineEvents() {
        for plugin in loader.plugins {
            let block = plugin.host
            block.pointee.firstEvent = UInt32(events.define(plugin))
            block.pointee.events = UInt32(plugin.table.events.count)
            for (index, counter) in plugin.table.counters.enumerated() {
                let id = statistics.define(plugin.name, counter.name, counter.isGauge ? .gauge : .counter)
                if index == 0 { block.pointee.firstCounter = id.rawValue }
            }
            block.pointee.counters = UInt32(plugin.table.counters.count)
            block.pointee.abi.server = Immortal.cString(Version.server)
            block.pointee.abi.workers = workers
            block.pointee.abi.level = Log.level.rawValue
            block.pointee.abi.run_dir = Immortal.cString(runFolder)
            commands.add(plugin)
        }
        for plugin in loader.plugins { events.hook(plugin) }
    }
}

extension ScriptFunction {
    fileprivate init(_ function: PluginTable.Function, _ plugin: Plugin) {
        self.init(
            name: function.name, plugin: plugin.name, arguments: function.arguments.map(ScriptArgument.init),
            places: function.places & UInt32(MT_IN_ANY), suspends: function.places & UInt32(MT_SUSPENDS) != 0,
            call: function.call, user: function.user, prepareUser: function.ownUser, host: plugin.host.asHost)
    }
}

extension ScriptArgument {
    fileprivate init(_ field: PluginTable.Field) {
        self.init(
            name: field.name, type: UInt32(field.type), isOptional: field.has(MT_OPTIONAL),
            isVerbatim: field.has(MT_VERBATIM), block: field.place,
            range: field.isLimited ? field.min...max(field.min, field.max) : nil, fallback: field.fallback,
            help: field.help, prepare: field.prepare)
    }
}
