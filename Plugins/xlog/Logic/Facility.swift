// SPDX-License-Identifier: Apache-2.0
import PluginKit

/// The facilities of syslog, by the words that configurations use.
public enum Facility {
    public static func isKnown(_ text: Text) -> Bool {
        for word in words where text == word { return true }
        return false
    }

    private static let words: [StaticString] = [
        "LOG_AUTH", "LOG_AUTHPRIV", "LOG_CRON", "LOG_DAEMON", "LOG_FTP", "LOG_KERN", "LOG_LOCAL0",
        "LOG_LOCAL1",
        "LOG_LOCAL2", "LOG_LOCAL3", "LOG_LOCAL4", "LOG_LOCAL5", "LOG_LOCAL6", "LOG_LOCAL7", "LOG_LPR",
        "LOG_MAIL",
        "LOG_NEWS", "LOG_SYSLOG", "LOG_USER", "LOG_UUCP",
    ]
}
