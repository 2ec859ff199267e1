// SPDX-License-Identifier: Apache-2.0
import Glibc
import TextopsLogic

/// Room for the matches of a regular expression, on the stack.
func withMatches<Result>(_ count: Int, _ body: (UnsafeMutableBufferPointer<regmatch_t>) -> Result) -> Result {
    withUnsafeTemporaryAllocation(of: regmatch_t.self, capacity: count) {
        $0.initialize(repeating: regmatch_t(rm_so: -1, rm_eo: -1))
        return body($0)
    }
}

extension Range<Int> {
    init(_ match: regmatch_t) { self = Int(match.rm_so)..<Int(match.rm_eo) }
}
