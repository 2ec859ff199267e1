// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// A set of methods as a number. The bits are those of Kamailio, in whose order configurations write them.
public enum MethodFilter {
    /// Below 0 the set is empty: nothing is filtered.
    public static func has(_ method: Method, _ bits: Int) -> Bool { bits >= 0 && bits & bit(of: method) != 0 }

    private static func bit(of method: Method) -> Int {
        switch method {
        case .invite: 1
        case .cancel: 2
        case .ack: 4
        case .bye: 8
        case .info: 16
        case .register: 32
        case .subscribe: 64
        case .notify: 128
        case .message: 256
        case .options: 512
        case .prack: 1024
        case .update: 2048
        case .refer: 4096
        case .publish: 8192
        default: 16384
        }
    }
}
