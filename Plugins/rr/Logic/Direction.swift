// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// Which way a request inside a dialog goes: downstream is from the one who started the dialog.
public enum Direction: UInt32, Sendable {
    case downstream = 1
    case upstream = 2

    /// Our Route carries the From tag of the first request. Where it has none, downstream is the guess.
    public init(ftag: Text?, fromTag: Text) {
        guard let ftag, !ftag.isEmpty else {
            self = .downstream
            return
        }
        self = ftag.equals(fromTag) ? .downstream : .upstream
    }

    public init?(named name: Text) {
        if name.equalsIgnoringCase("downstream") {
            self = .downstream
        } else if name.equalsIgnoringCase("upstream") {
            self = .upstream
        } else {
            return nil
        }
    }

    public var name: StaticString {
        switch self {
        case .downstream: "downstream"
        case .upstream: "upstream"
        }
    }
}
