// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@Suite struct LayoutTests {
    static let released = ["1.0"]

    @Test func `layout dot txt is what the header lays down`() throws {
        let now = try Layout(of: Repository.include + "/martlet.h").text
        if ProcessInfo.processInfo.environment["MARTLET_UPDATE"] != nil {
            try now.write(toFile: Repository.path("Tests/ABI/layout.txt"), atomically: true, encoding: .utf8)
        }
        let kept = try Repository.text("Tests/ABI/layout.txt")
        #expect(now == kept, "if that is meant: MARTLET_UPDATE=1 swift test --filter Layout")
    }

    @Test(arguments: released) func `what a released header lays down stays`(release: String) throws {
        let then = try Layout(of: Repository.path("Tests/ABI/\(release)/martlet.h"))
        let now = try Layout(of: Repository.include + "/martlet.h")
        #expect(then.breaches(by: now) == [])
    }

    @Test func `the newest release is today's header until a minor is added`() throws {
        let newest = try Repository.text("Tests/ABI/\(try #require(Self.released.last))/martlet.h")
        #expect(newest == (try Repository.text("PluginAPI/C/include/martlet.h")), "copy it there")
    }

    @Test func `a field put in the middle, taken away or retyped is noticed`() throws {
        let scratch = try Scratch()
        let header = try Repository.text("PluginAPI/C/include/martlet.h")
        let then = try Layout(of: Repository.include + "/martlet.h")
        func breaches(_ old: String, _ new: String) throws -> [String] {
            #expect(header.contains(old))
            let changed = scratch.file("changed.h")
            try header.replacing(old, with: new).write(toFile: changed, atomically: true, encoding: .utf8)
            return then.breaches(by: try Layout(of: changed))
        }

        #expect(try breaches("    uint32_t        worker;", "    uint32_t        thread;").count == 1)
        #expect(
            try !breaches(
                "    uint16_t     major, minor;\n    uint32_t     flags;", "    uint16_t major, minor;"
            ).isEmpty)
        #expect(try !breaches("    MT_NULL, ", "    MT_NEW, MT_NULL, ").isEmpty)
        #expect(try !breaches("    mt_value       *out;", "    mt_value *more, *out;").isEmpty)
        #expect(try !breaches("    int64_t  num;\n", "    double  num;\n").isEmpty)
        #expect(try breaches("    mt_value       *out;", "    mt_value *out, *more;") == [])
        #expect(try !breaches("    size_t      len;\n", "    size_t      len, room;\n").isEmpty)
    }
}
