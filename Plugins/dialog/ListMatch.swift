// SPDX-License-Identifier: Apache-2.0
import DialogLogic
import Glibc
import PluginKit

/// dlg.list_match's condition.
struct ListMatch: Sendable {
    private enum Operation: Sendable {
        case equal
        case matches(Expressions)
        case startsWith, greater, less
    }
    private let part: Texts.Part?
    private let operation: Operation
    private let value: String
    private let number: Int

    init?(_ key: Text, _ operation: Text, _ value: Text) {
        switch String(key) {
        case "ruri": part = .requestURI
        case "furi": part = .fromURI
        case "turi": part = .toURI
        case "callid": part = .callID
        case "start_ts": part = nil
        default: return nil
        }
        self.value = String(value)
        number = value.integer ?? 0
        switch String(operation) {
        case "eq": self.operation = .equal
        case "sw": self.operation = .startsWith
        case "gt": self.operation = .greater
        case "lt": self.operation = .less
        case "re":
            guard let expression = Expressions(self.value) else { return nil }
            self.operation = .matches(expression)
        default: return nil
        }
    }

    func fits(_ dialog: DialogPointer) -> Bool {
        guard let part else {
            let started = Int(dialog.pointee.life.started)
            switch operation {
            case .greater: return started > number
            case .less: return started < number
            default: return started == number
            }
        }
        let text = String(Text(unchecked: dialog.text(part)))
        switch operation {
        case .equal: return text == value
        case .startsWith: return text.hasPrefix(value)
        case .greater: return text > value
        case .less: return text < value
        case .matches(let expression): return expression.matches(text)
        }
    }
}

/// A POSIX extended regular expression of a command's.
private final class Expressions: @unchecked Sendable {
    private let compiled: UnsafeMutablePointer<regex_t>

    init?(_ source: String) {
        compiled = .allocate(capacity: 1)
        compiled.initialize(to: regex_t())
        if regcomp(compiled, source, REG_EXTENDED | REG_NOSUB) != 0 {
            compiled.deallocate()
            return nil
        }
    }

    deinit {
        regfree(compiled)
        compiled.deallocate()
    }

    func matches(_ text: String) -> Bool { regexec(compiled, text, 0, nil, 0) == 0 }
}
