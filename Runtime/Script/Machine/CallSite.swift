// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// One call of a plugin's function, as it stands in the script; flat, and as old as the program.
///
/// Whoever calls into a plugin from elsewhere (a hook, a timer, a command) makes one too, for the note.
public struct CallSite: BitwiseCopyable {
    /// For people; C strings, so that a crash handler can print them.
    public let plugin: UnsafePointer<CChar>
    public let function: UnsafePointer<CChar>
    /// nil when no line of the configuration is to blame.
    public let file: UnsafePointer<CChar>?
    public let line: UInt32

    let place: UInt32
    let call: mt_fn?
    let user: UnsafeMutableRawPointer?
    let host: UnsafePointer<mt_host>?
    /// The arguments with the constant ones in place, and what each is.
    let arguments: UnsafePointer<mt_value>?
    let specifications: UnsafePointer<ArgumentSpecification>?
    let count: UInt32
    /// At least one argument is computed before each call.
    let isComputed: Bool
    let suspends: Bool

    /// A call that no script makes, though a line of the file may be behind it.
    public init(
        plugin: UnsafePointer<CChar>, function: UnsafePointer<CChar>,
        behind file: UnsafePointer<CChar>? = nil,
        line: Int = 0
    ) {
        self.init(plugin: plugin, function: function, file: file, line: UInt32(clamping: line))
    }

    init(
        plugin: UnsafePointer<CChar>, function: UnsafePointer<CChar>, file: UnsafePointer<CChar>?,
        line: UInt32,
        place: UInt32 = 0, call: mt_fn? = nil, user: UnsafeMutableRawPointer? = nil,
        host: UnsafePointer<mt_host>? = nil, arguments: UnsafePointer<mt_value>? = nil,
        specifications: UnsafePointer<ArgumentSpecification>? = nil, count: UInt32 = 0,
        isComputed: Bool = false,
        suspends: Bool = false
    ) {
        self.plugin = plugin
        self.function = function
        self.file = file
        self.line = line
        self.place = place
        self.call = call
        self.user = user
        self.host = host
        self.arguments = arguments
        self.specifications = specifications
        self.count = count
        self.isComputed = isComputed
        self.suspends = suspends
    }
}

/// What an argument that is computed before each call has to be turned into.
struct ArgumentSpecification: BitwiseCopyable {
    var name: UnsafePointer<CChar>
    var type: UInt32
    var block: UInt32
    var isRequired: Bool
    var hasRange: Bool
    var least: Int64
    var most: Int64
}

/// Who is being called right now, on one worker: all that a crash handler may look at. Never moves.
public struct CallNote {
    public var site: UnsafePointer<CallSite>?
    /// The message of that call, as `mt_msg`.
    public var message: UnsafeRawPointer?

    public init() {}
}
