// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit

/// The facilities of syslog, by the words that configurations use.
enum Facility {
    static let prepare: mt_fn = { call in
        guard let call = call?.pointee else { return Outcome.error.code }
        let text = Text(unchecked: call.args.pointee.str)
        for word in words where text == word { return Outcome.yes.code }
        return Host.fail(
            "\"\(String(text))\" is no log facility",
            help: "there are LOG_DAEMON, LOG_USER, LOG_LOCAL0 to LOG_LOCAL7 ..."
        ).code
    }

    private static let words: [StaticString] = [
        "LOG_AUTH", "LOG_AUTHPRIV", "LOG_CRON", "LOG_DAEMON", "LOG_FTP", "LOG_KERN", "LOG_LOCAL0",
        "LOG_LOCAL1",
        "LOG_LOCAL2", "LOG_LOCAL3", "LOG_LOCAL4", "LOG_LOCAL5", "LOG_LOCAL6", "LOG_LOCAL7", "LOG_LPR",
        "LOG_MAIL",
        "LOG_NEWS", "LOG_SYSLOG", "LOG_USER", "LOG_UUCP",
    ]
}
