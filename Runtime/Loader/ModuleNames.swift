// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Which plugins a modparam line is for. "tm|usrloc" stands for both: the text is a regular expression that the whole name
/// has to match, in any case; what is no expression is a name still.
struct ModuleNames {
    let text: String

    init(_ text: String) { self.text = text }

    func chosen(from names: [String]) -> Set<String> {
        if names.contains(text) { return [text] }
        var pattern = regex_t()
        guard regcomp(&pattern, "^(\(text))$", REG_EXTENDED | REG_ICASE | REG_NOSUB) == 0 else { return [] }
        defer { regfree(&pattern) }
        return Set(names.filter { regexec(&pattern, $0, 0, nil, 0) == 0 })
    }

    func includes(_ name: String) -> Bool { !chosen(from: [name]).isEmpty }
}
