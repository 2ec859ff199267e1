// SPDX-License-Identifier: Apache-2.0

/// A C function and three words for it: what a timer, a mailbox or a helper thread is given to run.
///
/// Three, so that a caller whose callback needs more than one thing has nothing to allocate. On a worker,
/// `Worker.current` says which one runs it.
@frozen public struct Job: @unchecked Sendable {
    public typealias Word = UnsafeMutableRawPointer?
    public typealias Function = @convention(c) (Word, Word, Word) -> Void

    public let function: Function
    public let a, b, c: Word

    @inlinable public init(_ function: @escaping Function, _ a: Word = nil, _ b: Word = nil, _ c: Word = nil)
    {
        self.function = function
        self.a = a
        self.b = b
        self.c = c
    }

    @inlinable public func run() { function(a, b, c) }
}
