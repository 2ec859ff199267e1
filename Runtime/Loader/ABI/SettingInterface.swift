// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// "martlet.setting": what may change while the server runs.
extension mt_setting_api {
    /// Written once, read by everyone: that makes `unsafe` safe.
    nonisolated(unsafe) static let made: UnsafePointer<mt_setting_api> = {
        let table = UnsafeMutablePointer<mt_setting_api>.allocate(capacity: 1)
        var api = mt_setting_api()
        api.head = mt_head(size: UInt32(MemoryLayout<mt_setting_api>.size), major: 1, minor: 0)
        api.count = { UInt32(host.settings?.takeUnretainedValue().count ?? 0) }
        api.get = { index, out in
            guard let settings = host.settings?.takeUnretainedValue(), let out,
                let setting = settings.setting(Int(index))
            else { return mt_result(MT_NO) }
            // As much of it as the plugin knows.
            let size = min(Int(out.pointee.size), MemoryLayout<mt_setting>.size)
            withUnsafeBytes(of: setting) {
                UnsafeMutableRawPointer(out).copyMemory(from: $0.baseAddress!, byteCount: size)
            }
            return mt_result(MT_OK)
        }
        api.set = { changes, count, why in
            guard let settings = host.settings?.takeUnretainedValue() else { return mt_result(MT_ERROR) }
            let all = UnsafeBufferPointer(start: changes, count: Int(count))
            if let wrong = settings.set(Array(all)) {
                why?.pointee = Immortal.text(wrong)
                return mt_result(MT_NO)
            }
            return mt_result(MT_OK)
        }
        table.initialize(to: api)
        return UnsafePointer(table)
    }()
}
