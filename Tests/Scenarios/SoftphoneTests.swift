// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Two telephones with the configuration that comes with the server, as the README shows them.
@Suite struct SoftphoneTests {
    @Test(arguments: [false, true]) func `they register and call each other`(withPasswords: Bool) throws {
        guard ToolTests.has("baresip", of: "baresip-core"), ToolTests.has("sqlite3", of: "sqlite3") else {
            return
        }
        let folder = try Scratch()
        let server = try ModulesConfTests.server(
            in: folder, arguments: withPasswords ? ["-A", "WITH_AUTH"] : [])
        if withPasswords {
            for name in ["alice", "bob"] {
                let added = try run(
                    "sqlite3", folder.file("martlet.db"),
                    """
                    INSERT INTO subscriber (username, domain, password) VALUES ('\(name)', '127.0.0.1', 'secret')
                    """)
                #expect(added.status == 0, "\(added.err)")
            }
        }
        let call = try run(
            "timeout", "60", Repository.path("Tests/Fixtures/baresip/call.sh"), folder.path, server.udp.text)
        let said = try run("cat", folder.file("alice/log"), folder.file("bob/log")).out
        #expect(call.status == 0, "\(call.err)\(said)")
        #expect(server.stop() == 0)
        #expect(server.complaints == [], "\(server.log)")
    }

    @Test func `who does not know the password does not get in`() throws {
        let server = try ModulesConfTests.server(in: Scratch(), arguments: ["-A", "WITH_AUTH"])
        let mallory = try Client()
        let register = Request("REGISTER", "sip:\(server.udp.text)", from: mallory).with {
            $0.lines = ["Contact: <sip:alice@\(mallory.text)>"]
        }
        let challenge = try mallory.ask(register, server.udp)
        #expect(challenge.status == 401)
        #expect(challenge["WWW-Authenticate"]?.hasPrefix("Digest ") == true)
        let invite = Request("INVITE", "sip:bob@192.0.2.1", from: mallory).with {
            $0.from = "<sip:alice@\(server.udp.text)>;tag=1"
        }
        #expect(try mallory.ask(invite, server.udp).status == 407)
    }
}
