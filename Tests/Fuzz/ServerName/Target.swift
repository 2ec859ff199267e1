// SPDX-License-Identifier: Apache-2.0

/// libFuzzer on what a stranger writes into a ClientHello, and what an authority may have signed. Built together with
/// Plugins/tls/Logic, see README.md. The first byte says which. Whatever it is: a name is printable, small, no longer than
/// what it was read from, and leads to a profile that there is.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    guard size > 0, let data else { return 0 }
    let rest = UnsafeRawBufferPointer(start: data + 1, count: size - 1)
    if data[0] & 1 == 0 {
        guard let name = ServerName.read(rest) else { return 0 }
        precondition(!name.isEmpty && name.utf8.count <= 255 && name.utf8.count + 5 <= rest.count)
        precondition(name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !(65...90).contains($0) })
        let index = ProfileChoice.server(profiles, address: "192.0.2.1", port: 5061, name: name)
        precondition(index.map { profiles[$0].scope.kind == .server } == true, "no profile, or a client's")
    } else {
        let text = String(decoding: rest, as: UTF8.self)
        guard let domain = Identity.domain(ofURI: text) else { return 0 }
        precondition(domain.allSatisfy { $0 != ";" && $0 != "?" && $0 != ":" && $0 != "@" })
    }
    return 0
}

private let profiles = ProfileFile(
    """
    [server:any]
    server_name = a.example
    [server:192.0.2.1:5061]
    server_name = b.example
    server_name_mode = 1
    [server:any]
    server_name = c.example
    server_name_mode = 2
    [client:any]
    server_name = a.example
    """
).profiles(parameters: ProfileSettings())
