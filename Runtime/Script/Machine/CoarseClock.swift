// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A clock that is good to a few milliseconds, and five times cheaper than the exact one: it is read after
/// each call of a plugin.
public enum CoarseClock {
    public static let milliseconds: @convention(c) () -> Int64 = {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC_COARSE, &now)
        return Int64(now.tv_sec) &* 1000 &+ Int64(now.tv_nsec) / 1_000_000
    }
}
