// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

/// Plugins start in the order of the file, and stop in the reverse.
@Suite struct OrderTests {
    private static func configuration(_ names: [String]) -> String {
        "listen=udp:127.0.0.1:0\n" + names.map { "loadmodule \"\($0).so\"\n" }.joined()
            + "modparam(\"first|second|third\", \"file\", \"order\")\nrequest_route { exit; }"
    }

    private static func started(_ names: [String]) -> String { names.map { "start \($0)\n" }.joined() }
    private static func stopped(_ names: [String]) -> String {
        names.reversed().map { "stop \($0)\n" }.joined()
    }

    @Test(arguments: [["first", "second", "third"], ["third", "first", "second"]])
    func `the order of the file is that of starting, and the reverse that of stopping`(names: [String]) throws
    {
        let desk = try Desk(plugins: names)
        try desk.write(
            Self.configuration(names).replacingOccurrences(of: "order", with: desk.scratch.file("order")))
        let server = try desk.serve()
        #expect(desk.text("order") == Self.started(names))
        #expect(server.stop() == 0)
        #expect(desk.text("order") == Self.started(names) + Self.stopped(names))
    }

    @Test func `what was started is stopped when a later plugin cannot start`() throws {
        let names = ["first", "second", "init_fails"]
        let desk = try Desk(Self.configuration(names), plugins: names)
        #expect(try desk.check().status == 1)
        #expect(desk.text("order") == "start first\nstart second\nstop second\nstop first\n")
    }

    @Test func `a check starts the plugins, and stops them again`() throws {
        let names = ["first", "second"]
        let desk = try Desk(Self.configuration(names), plugins: names)
        try expectFine(desk)
        #expect(desk.text("order") == Self.started(names) + Self.stopped(names))
    }
}
