// SPDX-License-Identifier: Apache-2.0

/// libFuzzer on the file of profiles, `config`, and on selects. Built together with Plugins/tls/Logic, see README.md.
/// Whatever it is: each fault has a line that there is, there are default profiles, and what a section says holds.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    let text = String(decoding: UnsafeRawBufferPointer(start: data, count: size), as: UTF8.self)
    _ = TLSSelect(text)
    let file = ProfileFile(text)
    let lines = text.utf8.count(where: { $0 == UInt8(ascii: "\n") }) + 1
    for fault in file.faults {
        precondition((1...lines).contains(fault.line) && !fault.what.isEmpty && !fault.help.isEmpty)
    }
    for section in file.sections {
        precondition((1...lines).contains(section.line))
        // As it is written it is read again.
        precondition(ProfileScope(section.scope.description) == section.scope, "\(section.scope)")
        precondition(section.settings.verifyDepth.map { (0...100).contains($0) } ?? true)
    }
    var parameters = ProfileSettings()
    parameters.certificate = "parameters.pem"
    let profiles = file.profiles(parameters: parameters)
    for kind in [ProfileScope.Kind.server, .client] {
        precondition(profiles.contains { $0.scope == ProfileScope(kind, .default) })
    }
    for profile in profiles { precondition(profile.settings.certificate != nil) }
    for name in ["a.example", "x.a.example", nil] {
        precondition(ProfileChoice.server(profiles, address: "192.0.2.1", port: 5061, name: name) != nil)
        precondition(
            ProfileChoice.client(profiles, address: "::1", port: 5061, id: name, name: name) != nil)
    }
    return 0
}
