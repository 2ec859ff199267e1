// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// What a server asks of its heap, counted by a library that is loaded before all others.
///
/// The counts stand in a file that both have mapped: reading them asks nothing of the server.
final class Heap {
    private static let size = 65_536
    private let scratch: Scratch
    private let memory: UnsafeMutableRawPointer

    /// What the server has to be started with.
    var environment: [String: String] {
        ["LD_PRELOAD": scratch.file("allocations.so"), "MARTLET_TEST_HEAP": scratch.file("heap")]
    }

    init(in scratch: Scratch) throws {
        self.scratch = scratch
        let compiler = try run(
            "cc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-o",
            scratch.file("allocations.so"),
            Repository.path("Tests/Fixtures/Budgets/allocations.c"))
        guard compiler.status == 0 else { throw Failure(description: "cc: \(compiler.err)") }
        let path = try scratch.file("heap", with: String(repeating: "\0", count: Self.size))
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        defer { close(descriptor) }
        guard let memory = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            memory != MAP_FAILED
        else { throw Failure(description: "mmap: \(String(cString: strerror(errno)))") }
        self.memory = memory
    }

    deinit { munmap(memory, Self.size) }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Since the server started.
    var allocations: UInt64 { word(0) }
    var frees: UInt64 { word(1) }

    /// Does something, and tells how often memory was taken and given back meanwhile, and by whom.
    func watching(_ body: () throws -> Void) rethrows -> (allocations: UInt64, frees: UInt64, callers: String)
    {
        let before = (allocations, frees)
        memory.storeBytes(of: 1, toByteOffset: 16, as: UInt64.self)
        defer { memory.storeBytes(of: 0, toByteOffset: 16, as: UInt64.self) }
        try body()
        return (allocations - before.0, frees - before.1, callers)
    }

    /// The first few: sixteen texts of the same size.
    private var callers: String {
        let share = (Self.size - 32) / 16
        return (0..<min(Int(word(3)), 16)).map {
            String(cString: (memory + 32 + $0 * share).assumingMemoryBound(to: CChar.self))
        }.joined(separator: "\n")
    }

    private func word(_ index: Int) -> UInt64 { memory.load(fromByteOffset: index * 8, as: UInt64.self) }
}
