// SPDX-License-Identifier: Apache-2.0
// Works with AVPs: copies, compares, counts, substitutes, and writes them into the message.
import CMartlet
import PluginKit

private let plugin = Plugin("avpops", "1.0.0", "Copies, compares, counts and substitutes AVPs.") {
    databaseParameters()
    copyingFunctions()
    checkingFunctions()
    pushingFunctions()
    substitutingFunctions()
}

@c(martlet_plugin)
public func entry(_ hostABI: UInt32) -> UnsafePointer<mt_plugin>? { plugin.export(to: hostABI) }

/// Where other servers keep AVPs in a database. Accepted, for many configurations set them and use none.
@Declarations private func databaseParameters() -> [any Declaration] {
    Param<Text?>("db_url", is: [.verbatim, .secret], "Accepted; has no effect here.")
    Param<Int>("use_domain", default: "0", "Accepted; has no effect here.")
    Params<Text>("db_scheme", is: .verbatim, "Accepted; has no effect here.")
    for name: StaticString in [
        "avp_table", "uuid_column", "username_column", "domain_column", "attribute_column", "value_column",
        "type_column",
    ] {
        Param<Text?>(name, is: .verbatim, "Accepted; has no effect here.")
    }
}
