// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Which file lies under a name.
struct FileIdentity: Equatable {
    private let device: UInt
    private let number: UInt

    /// Nil when there is none.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt(status.st_dev)
        number = UInt(status.st_ino)
    }
}
