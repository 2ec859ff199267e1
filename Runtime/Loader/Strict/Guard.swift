// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc

/// A callback of a plugin's behind one of ours, which watches it: what it answers, and whether it holds on to
/// what it was only lent. Made by `--strict` alone; lives as long as the process.
struct Guard {
    private let call: mt_fn?
    private let set: mt_fn?
    private let user: UnsafeMutableRawPointer?

    private static func make(_ call: mt_fn?, set: mt_fn? = nil, _ user: UnsafeMutableRawPointer?)
        -> UnsafeMutableRawPointer
    {
        let place = UnsafeMutablePointer<Guard>.allocate(capacity: 1)
        place.initialize(to: Guard(call: call, set: set, user: user))
        return UnsafeMutableRawPointer(place)
    }

    /// What to call instead, and with which `user`. The results of a script function are its own, but for
    /// MT_SUSPEND.
    static func function(_ call: @escaping mt_fn, _ user: UnsafeMutableRawPointer?, suspends: Bool)
        -> (call: mt_fn, user: UnsafeMutableRawPointer?)
    {
        // What waits gets its arguments again, so they have to stay.
        if suspends { return ({ Guard.run($0) { $0(.call, lends: false) } }, make(call, user)) }
        return (
            {
                Guard.run($0) { run in
                    let result = run(.call, lends: true)
                    if result == mt_result(MT_SUSPEND) {
                        Strict.offence(
                            "it answered MT_SUSPEND, and its table does not say MT_SUSPENDS",
                            of: WorkerState.current)
                    }
                    return result
                }
            }, make(call, user)
        )
    }

    static func variable(_ get: mt_fn?, _ set: mt_fn?, _ user: UnsafeMutableRawPointer?)
        -> (get: mt_fn?, set: mt_fn?, user: UnsafeMutableRawPointer?)
    {
        let getting: mt_fn = { call in
            Guard.run(call) { run in
                let result = run(.call, lends: true)
                Strict.isResult(result)
                if result > 0, let out = call?.pointee.out { Strict.isValue(out.pointee) }
                return result
            }
        }
        let setting: mt_fn = { Guard.run($0) { Guard.judged($0(.set, lends: true)) } }
        return (get.map { _ in getting }, set.map { _ in setting }, make(get, set: set, user))
    }

    static func hook(_ call: @escaping mt_fn, _ user: UnsafeMutableRawPointer?)
        -> (call: mt_fn, user: UnsafeMutableRawPointer?)
    {
        ({ Guard.run($0) { Guard.judged($0(.call, lends: true)) } }, make(call, user))
    }

    private static func judged(_ result: mt_result) -> mt_result {
        Strict.isResult(result)
        return result
    }

    // MARK: - one call

    private struct Run {
        enum Which { case call, set }

        let call: UnsafeMutablePointer<mt_call>
        let watched: Guard

        func callAsFunction(_ which: Which, lends: Bool) -> mt_result {
            guard let function = which == .call ? watched.call : watched.set else {
                return mt_result(MT_ERROR)
            }
            return lends ? Guard.lending(call, to: function) : function(call)
        }
    }

    private static func run(_ call: UnsafeMutablePointer<mt_call>?, _ body: (Run) -> mt_result) -> mt_result {
        guard let call, let raw = call.pointee.user else { return mt_result(MT_ERROR) }
        let watched = raw.assumingMemoryBound(to: Guard.self).pointee
        call.pointee.user = watched.user
        let result = body(Run(call: call, watched: watched))
        call.pointee.user = raw
        return result
    }

    /// The arguments and their texts are lent as copies, which are overwritten when the callback has
    /// returned.
    private static func lending(_ call: UnsafeMutablePointer<mt_call>, to function: mt_fn) -> mt_result {
        let count = Int(call.pointee.argc)
        guard count > 0, let given = call.pointee.args else { return function(call) }
        let texts = (0..<count).reduce(0) { $0 + given[$1].str.len }
        let table = count * MemoryLayout<mt_value>.stride
        let memory = UnsafeMutableRawPointer.allocate(byteCount: table + texts, alignment: 16)
        let copies = memory.bindMemory(to: mt_value.self, capacity: count)
        var end = memory + table
        for index in 0..<count {
            (copies + index).initialize(to: given[index])
            guard let start = given[index].str.ptr else { continue }
            end.copyMemory(from: start, byteCount: given[index].str.len)
            copies[index].str.ptr = UnsafeRawPointer(end).assumingMemoryBound(to: CChar.self)
            end += given[index].str.len
        }
        call.pointee.args = UnsafePointer(copies)
        let result = function(call)
        call.pointee.args = given
        restore(call.pointee.out, copies, given, count)
        memset(memory, 0xdd, table + texts)
        memory.deallocate()
        return result
    }

    /// An answer that is one of the arguments, or part of it, is that of the server's own memory again.
    private static func restore(
        _ out: UnsafeMutablePointer<mt_value>?, _ copies: UnsafePointer<mt_value>,
        _ given: UnsafePointer<mt_value>,
        _ count: Int
    ) {
        guard let out, let answer = out.pointee.str.ptr else { return }
        for index in 0..<count {
            guard let copy = copies[index].str.ptr, let original = given[index].str.ptr else { continue }
            if answer >= copy, answer <= copy + given[index].str.len {
                out.pointee.str.ptr = original + (answer - copy)
                return
            }
        }
    }
}
