// SPDX-License-Identifier: Apache-2.0
import CPostgres
import Glibc
import SQLLogic
import SQLStore

/// LISTEN and NOTIFY (manual of libpq, "Asynchronous Notification").
extension Connection: NewsConnection {
    /// In milliseconds: a server that has gone without a word is asked so often whether it is there.
    private static let silence: Int32 = 5000

    /// Everything that is told from now on comes to `news`.
    func listen() throws(SQLFailure) { try query("LISTEN \(News.channel)", [], ignored) }

    func tell(_ news: News) throws(SQLFailure) {
        try query("SELECT pg_notify($1, $2)", [.text(News.channel), .text(news.text)], ignored)
    }

    func news(bell: Int32) throws(SQLFailure) -> [String] {
        let events = Int16(POLLIN)
        var waiting = [
            pollfd(fd: PQsocket(handle), events: events, revents: 0),
            pollfd(fd: bell, events: events, revents: 0),
        ]
        let ready = poll(&waiting, 2, Self.silence)
        if ready == 0 { try query("", [], ignored) }
        if ready < 0, errno != EINTR { throw broken() }
        if waiting[0].revents != 0, PQconsumeInput(handle) == 0 { throw broken() }
        var texts: [String] = []
        while let one = PQnotifies(handle) {
            texts.append(String(cString: one.pointee.extra))
            PQfreemem(one)
        }
        if PQstatus(handle) != CONNECTION_OK { throw broken() }
        return texts
    }
}
