// SPDX-License-Identifier: Apache-2.0
// Reads and edits messages as text: their headers, their bodies, their Request-URI.
import CMartlet
import PluginKit

private let plugin = Plugin("textops", "1.0.0", "Reads and edits messages as text.") {
    Function(
        "is_method", in: .any, "Is it one of these methods? For a reply, that of its CSeq.",
        Arg("methods", MethodList.self, prepare: MethodList.prepare, "INVITE, or INVITE|ACK|BYE."),
        body: isMethod)
    Offer("textops", 1, 0, offered)
    headerFunctions()
    stringFunctions()
    replacingFunctions()
    bodyFunctions()
    multipartFunctions()
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }
