// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport
import Testing

@testable import Loader

/// What the loader reads in a plugin's file before it dares to open it.
@Suite struct ELFImageTests {
    @Test func `it knows what a plugin exports, and which libraries it asks for`() throws {
        let image = try #require(ELFImage(path: Fixtures.plugin("two_symbols")))
        #expect(Set(image.exports).isSuperset(of: ["martlet_plugin", "stray"]))
        #expect(
            try #require(ELFImage(path: Fixtures.plugin("missing_library"))).libraries.first
                == "libpq-of-a-test.so.5")
    }

    @Test func `what is not there, or is no image, gives nothing`() throws {
        let scratch = try Scratch()
        #expect(ELFImage(path: scratch.file("nothing")) == nil)
        #expect(ELFImage(path: scratch.path) == nil)
        #expect(try ELFImage(path: scratch.file("script", with: "#!/bin/sh\n")) == nil)
    }

    @Test func `a file that ends anywhere is read without a crash`() throws {
        let scratch = try Scratch()
        let whole = try Data(contentsOf: URL(filePath: Fixtures.plugin("good")))
        for length in Array(stride(from: 0, to: 200, by: 1))
            + Array(stride(from: 200, to: whole.count, by: 97))
        {
            try whole.prefix(length).write(to: URL(filePath: scratch.file("cut.so")))
            _ = ELFImage(path: scratch.file("cut.so"))
        }
    }

    @Test func `a file in which any number is absurd is read without a crash`() throws {
        let scratch = try Scratch()
        let whole = try Data(contentsOf: URL(filePath: Fixtures.plugin("good")))
        let sections = Int(whole[40]) | Int(whole[41]) << 8 | Int(whole[42]) << 16
        // The header, then the table of sections, eight bytes at a time.
        for at in Array(stride(from: 16, to: 64, by: 4))
            + Array(stride(from: sections, to: whole.count - 8, by: 8))
        {
            for byte in [0xff, 0x7f, 0x80] as [UInt8] {
                var damaged = whole
                for index in at..<min(at + 8, damaged.count) {
                    damaged[index] = index == at + 7 ? byte : 0xff
                }
                try damaged.write(to: URL(filePath: scratch.file("odd.so")))
                _ = ELFImage(path: scratch.file("odd.so"))
            }
        }
    }
}
