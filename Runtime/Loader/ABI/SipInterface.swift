// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// "martlet.sip": grammar, as pure functions.
extension mt_sip_api {
    /// Written once, read by everyone: that makes `unsafe` safe.
    nonisolated(unsafe) static let made: UnsafePointer<mt_sip_api> = {
        let table = UnsafeMutablePointer<mt_sip_api>.allocate(capacity: 1)
        var api = mt_sip_api()
        api.head = mt_head(size: UInt32(MemoryLayout<mt_sip_api>.size), major: 1, minor: 0)
        api.token = { name in
            guard let name else { return 0 }
            return UInt32(HeaderID.token(String(cString: name)).rawValue)
        }
        api.uri = { text, out in
            guard let out, let uri = URI(parsing: Slice(text)) else { return false }
            out.pointee = uri.mt
            return true
        }
        api.address = { list, out in
            guard let list, let out else { return false }
            var rest = Slice(list.pointee)
            guard let address = Address(taking: &rest) else { return false }
            list.pointee = rest.mt
            out.pointee = address.mt
            return true
        }
        api.param = { params, name, value in
            guard let param = Params(Slice(params)).param(named: Slice(name)) else { return false }
            // Present without a value is present and empty.
            value?.pointee = param.value.isAbsent ? Slice.empty.mt : param.value.mt
            return true
        }
        api.same = { a, b in
            guard let a = URI(parsing: Slice(a)), let b = URI(parsing: Slice(b)) else { return false }
            return a.same(as: b)
        }
        table.initialize(to: api)
        return UnsafePointer(table)
    }()
}
