// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

extension Trait where Self == ConditionTrait {
    /// Not for builds under a sanitizer, which exports more from each plugin, has last words of its own for a crash,
    /// and costs instructions and memory of its own.
    package static var unsanitized: Self {
        .disabled(if: ProcessInfo.processInfo.environment["MARTLET_SANITIZE"] != nil, "not under a sanitizer")
    }
}
