// SPDX-License-Identifier: Apache-2.0
import PluginKit
import Synchronization

/// Something that is built anew now and then, and read all the time: nobody waits. What was there before
/// stays for ten seconds, in which whoever looks at it has long been done.
final class Shown<Value: Sendable>: Sendable {
    final class Box: Sendable {
        let value: Value
        init(_ value: Value) { self.value = value }
    }
    /// The address of a Box.
    private let current: Atomic<UInt>

    init(_ value: Value) { current = Atomic(Shown.address(of: value)) }

    private static func address(of value: Value) -> UInt {
        UInt(bitPattern: Unmanaged.passRetained(Box(value)).toOpaque())
    }
    private static func box(_ address: UInt) -> Unmanaged<Box> {
        Unmanaged<Box>.fromOpaque(UnsafeRawPointer(bitPattern: address).unsafelyUnwrapped)
    }

    /// Lends what is there now. It must not be kept.
    @inline(__always) func read<Result>(_ body: (borrowing Value) -> Result) -> Result {
        Shown.box(current.load(ordering: .acquiring))._withUnsafeGuaranteedRef { body($0.value) }
    }

    func replace(_ value: Value) {
        let old = current.exchange(Shown.address(of: value), ordering: .acquiringAndReleasing)
        Loop.after(.seconds(10)) { _ in
            Shown.box(old).release()
            return .yes
        }
    }
}
