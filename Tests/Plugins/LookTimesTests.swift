// SPDX-License-Identifier: Apache-2.0
import Peers
import SQLLogic
import Testing

@Suite struct LookTimesTests {
    @Test func `while nobody tells there is a look every interval`() {
        var times = LookTimes(interval: 50)
        let first = times.wants(at: 7)
        #expect(first == 0)
        times.looks()
        let second = times.looked(isSettled: true, at: 8)
        times.looks()
        let third = times.looked(isSettled: false, at: 59)
        #expect(second == 50 && third == 50)
    }

    @Test func `while the database tells there is a look when it does, and every second`() {
        var times = LookTimes(interval: 50)
        let begins = times.hears(isTold: true, at: 0)
        #expect(begins == 0 && times.isTold)
        times.looks()
        let rest = times.looked(isSettled: true, at: 1)
        let told = times.hears(isTold: true, at: 100)
        #expect(rest == 1000 && told == 0)
        // What was read is to be read again: that does not wait for so long.
        times.looks()
        let soon = times.looked(isSettled: false, at: 101)
        #expect(soon == 50)
        // Nobody looks more often than he was asked to.
        #expect(LookTimes(interval: 60_000).rest == 60_000)
    }

    @Test func `when the database tells no more, there is a look at once, and every interval again`() {
        var times = LookTimes(interval: 50)
        _ = times.hears(isTold: true, at: 0)
        times.looks()
        _ = times.looked(isSettled: true, at: 1)
        let lost = times.hears(isTold: false, at: 500)
        #expect(lost == 0 && !times.isTold)
        times.looks()
        let next = times.looked(isSettled: true, at: 501)
        #expect(next == 50)
        // And when it begins again: what was written meanwhile was told to nobody.
        let back = times.hears(isTold: true, at: 530)
        #expect(back == 0)
        times.looks()
        let rest = times.looked(isSettled: true, at: 531)
        #expect(rest == 1000)
    }

    @Test func `whatever is heard during a look, or just after it, makes one more of it`() {
        var times = LookTimes(interval: 50)
        times.looks()
        let during = [times.hears(isTold: true, at: 1), times.hears(isTold: true, at: 2), times.wants(at: 3)]
        #expect(during == [nil, nil, nil])
        let again = times.looked(isSettled: true, at: 4)
        #expect(again == LookTimes.gap)
        times.looks()
        let settled = times.looked(isSettled: true, at: 10)
        #expect(settled == 1000)
        // However much is told, there is a gap between two looks.
        let after = [times.hears(isTold: true, at: 11), times.hears(isTold: true, at: 14)]
        #expect(after == [4, 1])
    }

    @Test func `news says who has written to which table, and what others send is none`() {
        let news = News(writer: "1f", table: "sca state")
        #expect(news.text == "1f sca state")
        #expect(News(news.text) == news)
        for text in ["", " ", "1f", "1f ", " sca_state"] { #expect(News(text) == nil, "\(text)") }
    }
}
