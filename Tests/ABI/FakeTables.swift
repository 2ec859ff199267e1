// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Foundation

extension FakeServer {
    static var message: mt_message_api {
        var api = mt_message_api()
        api.text = { raw, field in
            let message = FakeMessage.of(raw)
            return message.str(message.texts[Int(field)])
        }
        api.number = { raw, field in
            let message = FakeMessage.of(raw)
            if Int(field) == MT_F_TARGETS { return Int64(message.targets.count) }
            return message.numbers[Int(field)] ?? Int64.min
        }
        api.header = { raw, name, at in
            let message = FakeMessage.of(raw)
            for index in Int(at!.pointee.place)..<max(message.lines.count, Int(at!.pointee.place)) {
                let token =
                    FakeServer.current.tokens.firstIndex(of: message.lines[index].name.lowercased()) ?? 0
                guard name == 0 || token == Int(name) else { continue }
                at!.pointee = mt_header(
                    name: UInt32(token), place: UInt32(index + 1),
                    text: message.str(message.lines[index].name),
                    body: message.str(message.lines[index].body))
                return true
            }
            return false
        }
        api.set_text = { raw, field, text in
            FakeMessage.of(raw).texts[Int(field)] = text.ptr == nil ? nil : text.text
            return mt_result(MT_OK)
        }
        api.set_number = { raw, field, number in
            FakeMessage.of(raw).numbers[Int(field)] = number == Int64.min ? nil : number
            return mt_result(MT_OK)
        }
        api.insert = { raw, place, at, line in
            let parts = line.text.split(separator: ":", maxSplits: 1)
            let new = (name: String(parts[0]), body: parts[1].trimmingCharacters(in: .whitespaces))
            let index =
                switch Int(place) {
                case MT_FIRST: 0
                case MT_BEFORE: Int(at!.pointee.place) - 1
                case MT_AFTER: Int(at!.pointee.place)
                default: FakeMessage.of(raw).lines.count
                }
            FakeMessage.of(raw).lines.insert(new, at: index)
            return mt_result(MT_OK)
        }
        api.replace = { raw, at, body in
            FakeMessage.of(raw).lines[Int(at!.pointee.place) - 1].body = body.text
            return mt_result(MT_OK)
        }
        api.remove = { raw, at in
            FakeMessage.of(raw).lines.remove(at: Int(at!.pointee.place) - 1)
            return mt_result(MT_OK)
        }
        api.add_target = { raw, target in
            guard target!.pointee.size == UInt32(MemoryLayout<mt_target>.size) else {
                return mt_result(MT_NO)
            }
            FakeMessage.of(raw).targets.append("\(target!.pointee.uri.text) \(target!.pointee.q)")
            return mt_result(MT_OK)
        }
        api.clear_targets = { FakeMessage.of($0).targets = [] }
        api.alloc = { FakeMessage.of($0).bytes($1) }
        api.slot = { raw, _ in FakeMessage.of(raw).slot }
        api.keep = { raw in
            FakeMessage.of(raw).retains += 1
            return raw
        }
        api.release = { FakeMessage.of($0).retains -= 1 }
        return api
    }

    static var sip: mt_sip_api {
        var api = mt_sip_api()
        api.token = { name in
            let name = String(cString: name!).lowercased()
            if let known = FakeServer.current.tokens.firstIndex(of: name) { return UInt32(known) }
            FakeServer.current.tokens.append(name)
            return UInt32(FakeServer.current.tokens.count - 1)
        }
        return api
    }

    static var script: mt_script_api {
        var api = mt_script_api()
        api.read = { call, _, _, out in
            out!.pointee = mt_value(type: UInt32(MT_INT), reserved: 0, num: 41, str: mt_str(), ptr: nil)
            return mt_result(MT_OK)
        }
        api.write = { _, _, _, value in
            FakeServer.current.written.append(
                value!.pointee.type == UInt32(MT_INT) ? "\(value!.pointee.num)" : value!.pointee.str.text)
            return mt_result(MT_OK)
        }
        api.suspend = { _, _, then, user in
            FakeServer.current.ticket = (then, user)
            return FakeServer.current.number()
        }
        api.resume = { _, result in
            FakeServer.current.resumed.append(result)
            return mt_result(MT_OK)
        }
        return api
    }

    static var loop: mt_loop_api {
        var api = mt_loop_api()
        api.ticks = { 5 }
        api.clock = { 1_700_000_000_000 }
        api.after = { _, _, _, fn, user in FakeServer.current.timer(fn, user) }
        api.every = { _, _, _, fn, user in FakeServer.current.timer(fn, user) }
        api.cancel = {
            FakeServer.current.timers.removeValue(forKey: $0) == nil ? mt_result(MT_GONE) : mt_result(MT_OK)
        }
        api.post = { _, _, fn, user in
            FakeServer.current.call(fn!, user)
            return mt_result(MT_OK)
        }
        api.offload = { _, _, work, done, user in
            FakeServer.current.call(work!, user)
            FakeServer.current.call(done!, user)
            return mt_result(MT_OK)
        }
        api.visit = { _, each, done, user in
            FakeServer.current.call(each!, user)
            FakeServer.current.call(each!, user)
            FakeServer.current.call(done!, user)
            return mt_result(MT_OK)
        }
        api.worker = { _ in 0 }
        api.behind = { 0 }
        return api
    }

    private func timer(_ fn: mt_fn?, _ user: UnsafeMutableRawPointer?) -> UInt64 {
        let number = number()
        timers[number] = (fn!, user)
        return number
    }

    static var rpc: mt_rpc_api {
        var api = mt_rpc_api()
        api.put = { _, key, value in
            let name = key.map { String(cString: $0) } ?? "-"
            let value = value!.pointee
            FakeServer.current.answers.append(
                "\(name)=\(value.type == UInt32(MT_STR) ? value.str.text : String(value.num))")
            return mt_result(MT_OK)
        }
        api.open = { _, key, list in
            FakeServer.current.answers.append(String(cString: key!) + (list ? "[" : "{"))
            return mt_result(MT_OK)
        }
        api.close = { _ in
            FakeServer.current.answers.append("end")
            return mt_result(MT_OK)
        }
        api.fault = { _, code, text in
            FakeServer.current.answers.append("fault \(code) \(text.text)")
            return mt_result(MT_ERROR)
        }
        return api
    }
}
