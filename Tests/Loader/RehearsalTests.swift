// SPDX-License-Identifier: Apache-2.0
import Message
import Testing

@testable import Loader

/// What a plugin is shown by `martlet check PLUGIN.so`.
@Suite struct RehearsalTests {
    @Test func `every message is a legal one`() {
        let pool = MessagePool(worker: 0)
        for bytes in Messages.requests + Messages.replies {
            let message = pool.take()
            #expect(
                bytes.withUnsafeBytes { message.load($0) } == nil, "\(String(decoding: bytes, as: UTF8.self))"
            )
            message.release()
        }
    }
}
