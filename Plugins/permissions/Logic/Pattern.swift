// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit

/// An extended regular expression, whatever the case. For any number of threads.
public final class URIPattern: @unchecked Sendable {
    public let source: String
    private let isCompiled: Bool
    private let compiled = UnsafeMutablePointer<regex_t>.allocate(capacity: 1)

    public init?(_ source: String) {
        self.source = source
        isCompiled = regcomp(compiled, source, REG_EXTENDED | REG_NOSUB | REG_ICASE) == 0
        guard isCompiled else { return nil }
    }

    deinit {
        if isCompiled { regfree(compiled) }
        compiled.deallocate()
    }

    public func matches(_ text: Text) -> Bool {
        // REG_STARTEND: the text needs no end of its own.
        var range = regmatch_t(rm_so: 0, rm_eo: regoff_t(text.count))
        guard text.count > 0 else { return regexec(compiled, "", 0, nil, 0) == 0 }
        return regexec(compiled, text.raw.ptr, 0, &range, REG_STARTEND) == 0
    }
}
