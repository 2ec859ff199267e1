// SPDX-License-Identifier: Apache-2.0
import CMartlet

/// What this server is. Shown, never compared.
public enum Version {
    public static let number = "1.0.0"
    public static let server = "martlet \(number)"

    static let machine: String = {
        #if arch(x86_64)
            "x86_64/linux"
        #elseif arch(arm64)
            "aarch64/linux"
        #else
            "linux"
        #endif
    }()

    static let full = "\(server) (\(machine))"
    public static let abi = "\(MARTLET_MAJOR).\(MARTLET_MINOR)"
    public static let text = "\(full), plugin ABI \(abi)"
}
