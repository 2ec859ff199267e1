// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Names that the machine knows by itself: /etc/hosts.
struct HostsFile: Equatable {
    private var addresses: [String: [Endpoint]] = [:]

    /// `address name alias ... # comment`; what is no address is passed over.
    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.prefix { $0 != "#" }.split(whereSeparator: {
                $0 == " " || $0 == "\t" || $0 == "\r"
            })
            guard let first = words.first, let endpoint = Endpoint(String(first)) else { continue }
            for name in words.dropFirst() {
                addresses[Question.normal(String(name)), default: []].append(endpoint)
            }
        }
    }

    /// nil: the name is not in it. For one that is, nobody else is asked, whatever is asked for.
    func answer(to question: Question) -> Answer? {
        var all = addresses[question.name]
        // RFC 6761, 6.3: never anybody else's business.
        if all == nil, question.name == "localhost" || question.name.hasSuffix(".localhost") {
            all = [Endpoint("127.0.0.1"), Endpoint("::1")].compactMap { $0 }
        }
        guard let all else { return nil }
        let fitting = all.filter {
            $0.isV4 ? question.type == .a : question.type == .aaaa
        }
        if fitting.isEmpty { return .nothing(seconds: HostsFile.seconds) }
        return Answer(fitting.map { Record(.address($0), ttl: HostsFile.seconds) })
    }

    /// How long it is believed without a look at whether it has changed.
    private static let seconds: UInt32 = 10
}

/// A file that is read again when it has changed.
struct WatchedFile {
    let path: String
    private var stamp: [Int] = []

    init(_ path: String) { self.path = path }

    /// Whether it has changed since it was last asked; true at first.
    mutating func hasChanged() -> Bool {
        var about = stat()
        let found = stat(path, &about) == 0
        let now =
            found
            ? [Int(about.st_ino), Int(about.st_size), about.st_mtim.tv_sec, about.st_mtim.tv_nsec] : [0]
        defer { stamp = now }
        return now != stamp
    }

    /// Empty when it cannot be read; never more than that of it.
    func text(most: Int = 1 << 20) -> String {
        guard let file = fopen(path, "re") else { return "" }
        defer { fclose(file) }
        return withUnsafeTemporaryAllocation(byteCount: most, alignment: 1) { room in
            let count = fread(room.baseAddress, 1, most, file)
            return String(decoding: room.prefix(count), as: UTF8.self)
        }
    }
}
