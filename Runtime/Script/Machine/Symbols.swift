// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// Everything a script can name that is not in the script itself: what the loaded plugins offer, and what the
/// plugins lying beside them would. Filled by the loader before the routes are checked, read by the checker,
/// then forgotten.
public final class Symbols {
    private var functions: [String: [ScriptFunction]] = [:]
    private var offeredElsewhere: [String: String] = [:]
    public private(set) var variables: [String: ScriptVariable] = [:]
    public private(set) var events: Set<String> = []

    /// What the routes of the file themselves need to know about the rest of the server.
    public var findSocket: (String) -> UInt32? = { _ in nil }
    /// What a plugin said to `fail` while the checker was calling its `prepare`; reading it takes it away.
    public var takeFailure: () -> (what: String, help: String)? = { nil }
    /// The table of the plugin that stores things under this URL, for arguments of type MT_URL.
    public var findStore: (String) -> UnsafeMutableRawPointer? = { _ in nil }

    /// The file of a plugin that lies beside the loaded ones and would bring a function of this name. Asked only when
    /// one is missing, for it means opening them.
    public var findOffer: (String) -> String? = { _ in nil }

    /// A plugin of the file could not be loaded, which has been told: what is not known may be its.
    public var isIncomplete = false
    /// Plugins that were not initialised, by name: nothing of theirs may be called, so their arguments are not shown
    /// to them.
    public var unstarted: Set<String> = []

    public init() {}

    public func add(_ function: ScriptFunction) { functions[function.name, default: []].append(function) }

    public func add(_ variable: ScriptVariable) { variables[variable.name] = variable }

    /// An event that some plugin emits, as `event_route` writes it: "tm:local-request".
    public func add(event: String) { events.insert(event) }

    /// The file of a plugin that is not loaded but would bring a function of this name.
    public func add(function name: String, offeredBy file: String) {
        if offeredElsewhere[name] == nil { offeredElsewhere[name] = file }
    }

    /// The functions of this name, the ones loaded last first: they hide earlier ones that take as many
    /// arguments.
    func functions(named name: String) -> [ScriptFunction] { (functions[name] ?? []).reversed() }

    func file(offering name: String) -> String? { offeredElsewhere[name] ?? findOffer(name) }

    var functionNames: [String] { Array(functions.keys) }
}

/// A script function of a plugin, as its `mt_function` describes it.
public struct ScriptFunction {
    public let name: String
    public let plugin: String
    public let arguments: [ScriptArgument]
    /// MT_IN_ bits.
    public let places: UInt32
    public let suspends: Bool
    public let call: mt_fn
    public let user: UnsafeMutableRawPointer?
    /// What the `prepare` of an argument gets for it.
    public let prepareUser: UnsafeMutableRawPointer?
    public let host: UnsafePointer<mt_host>?

    public init(
        name: String, plugin: String, arguments: [ScriptArgument] = [], places: UInt32 = UInt32(MT_IN_ANY),
        suspends: Bool = false, call: mt_fn, user: UnsafeMutableRawPointer? = nil,
        prepareUser: UnsafeMutableRawPointer? = nil, host: UnsafePointer<mt_host>? = nil
    ) {
        self.name = name
        self.plugin = plugin
        self.arguments = arguments
        self.places = places
        self.suspends = suspends
        self.call = call
        self.user = user
        self.prepareUser = prepareUser ?? user
        self.host = host
    }

    /// How many arguments it takes: from the last required one on, the rest may be left out.
    var counts: ClosedRange<Int> {
        let required = (arguments.lastIndex { !$0.isOptional } ?? -1) + 1
        return required...arguments.count
    }
}

/// One argument of a script function, as its `mt_field` describes it.
public struct ScriptArgument {
    public let name: String
    /// MT_INT, MT_STR ...
    public let type: UInt32
    public let isOptional: Bool
    /// Its text is not searched for $variables.
    public let isVerbatim: Bool
    /// MT_ROUTE: the MT_IN_ bit of the kind of block it names.
    public let block: UInt32
    public let range: ClosedRange<Int64>?
    public let fallback: String?
    public let help: String?
    public let prepare: mt_fn?

    public init(
        name: String, type: UInt32, isOptional: Bool = false, isVerbatim: Bool = false, block: UInt32 = 0,
        range: ClosedRange<Int64>? = nil, fallback: String? = nil, help: String? = nil, prepare: mt_fn? = nil
    ) {
        self.name = name
        self.type = type
        self.isOptional = isOptional
        self.isVerbatim = isVerbatim
        self.block = block
        self.range = range
        self.fallback = fallback
        self.help = help
        self.prepare = prepare
    }
}

/// A variable of a plugin, as its `mt_variable` describes it.
public struct ScriptVariable {
    public let name: String
    public let plugin: String
    public let get: mt_fn
    public let set: mt_fn?
    public let user: UnsafeMutableRawPointer?
    /// Looks at a constant key, and gets this instead of `user`.
    public let prepare: mt_fn?
    public let prepareUser: UnsafeMutableRawPointer?
    public let host: UnsafePointer<mt_host>?

    public init(
        name: String, plugin: String, get: mt_fn, set: mt_fn? = nil, user: UnsafeMutableRawPointer? = nil,
        prepare: mt_fn? = nil, prepareUser: UnsafeMutableRawPointer? = nil,
        host: UnsafePointer<mt_host>? = nil
    ) {
        self.name = name
        self.plugin = plugin
        self.get = get
        self.set = set
        self.user = user
        self.prepare = prepare
        self.prepareUser = prepareUser ?? user
        self.host = host
    }
}
