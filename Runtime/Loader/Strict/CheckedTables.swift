// SPDX-License-Identifier: Apache-2.0
import CMartlet

// The tables of the server behind checks, for `--strict`: each function asks whether it may be called here,
// and with this, and then does what the plain one does.

extension mt_message_api {
    nonisolated(unsafe) static let checked: UnsafePointer<mt_message_api> = {
        var api = made.pointee
        api.text = { message, field in
            Strict.owns(message, "text of martlet.message")
            return made.pointee.text(message, field)
        }
        api.number = { message, field in
            Strict.owns(message, "number of martlet.message")
            return made.pointee.number(message, field)
        }
        api.header = { message, name, at in
            Strict.owns(message, "header of martlet.message")
            return made.pointee.header(message, name, at)
        }
        api.flow = { message, out in
            Strict.owns(message, "flow of martlet.message")
            return made.pointee.flow(message, out)
        }
        api.target = { message, index in
            Strict.owns(message, "target of martlet.message")
            return made.pointee.target(message, index)
        }
        api.set_text = { message, field, text in
            Strict.owns(message, "set_text of martlet.message")
            Strict.isText(text, "set_text of martlet.message")
            return made.pointee.set_text(message, field, text)
        }
        api.set_number = { message, field, number in
            Strict.owns(message, "set_number of martlet.message")
            return made.pointee.set_number(message, field, number)
        }
        api.insert = { message, place, at, line in
            Strict.owns(message, "insert of martlet.message")
            Strict.isText(line, "insert of martlet.message")
            return made.pointee.insert(message, place, at, line)
        }
        api.replace = { message, at, body in
            Strict.owns(message, "replace of martlet.message")
            Strict.isText(body, "replace of martlet.message")
            return made.pointee.replace(message, at, body)
        }
        api.remove = { message, at in
            Strict.owns(message, "remove of martlet.message")
            return made.pointee.remove(message, at)
        }
        api.add_target = { message, target in
            Strict.owns(message, "add_target of martlet.message")
            return made.pointee.add_target(message, target)
        }
        api.clear_targets = { message in
            Strict.owns(message, "clear_targets of martlet.message")
            return made.pointee.clear_targets(message)
        }
        api.alloc = { message, size in
            Strict.owns(message, "alloc of martlet.message")
            return made.pointee.alloc(message, size)
        }
        api.slot = { message, owner in
            Strict.owns(message, "slot of martlet.message")
            return made.pointee.slot(message, owner)
        }
        api.keep = { message in
            Strict.owns(message, "keep of martlet.message")
            return made.pointee.keep(message)
        }
        api.copy = { message in
            Strict.owns(message, "copy of martlet.message")
            return made.pointee.copy(message)
        }
        api.reply = { message, status, reason in
            Strict.owns(message, "reply of martlet.message")
            Strict.isText(reason, "reply of martlet.message")
            return made.pointee.reply(message, status, reason)
        }
        api.request = { owner, method, uri in
            Strict.isText(method, "request of martlet.message")
            Strict.isText(uri, "request of martlet.message")
            return made.pointee.request(owner, method, uri)
        }
        api.release = { message in
            Strict.owns(message, "release of martlet.message")
            return made.pointee.release(message)
        }
        api.write = { message, buffer, room in
            Strict.owns(message, "write of martlet.message")
            return made.pointee.write(message, buffer, room)
        }
        return kept(api)
    }()
}

extension mt_script_api {
    nonisolated(unsafe) static let checked: UnsafePointer<mt_script_api> = {
        var api = made.pointee
        api.compile = { owner, source in
            Strict.isText(source, "compile of martlet.script")
            return made.pointee.compile(owner, source)
        }
        api.read = { call, message, expression, out in
            Strict.owns(message, "read of martlet.script")
            return made.pointee.read(call, message, expression, out)
        }
        api.write = { call, message, expression, value in
            Strict.owns(message, "write of martlet.script")
            return made.pointee.write(call, message, expression, value)
        }
        api.flag = { owner, name in
            Strict.isOnMain("flag of martlet.script")
            return made.pointee.flag(owner, name)
        }
        api.run = { call, message, route, then, user in
            Strict.owns(call, "run of martlet.script")
            Strict.owns(message, "run of martlet.script")
            return made.pointee.run(call, message, route, then, user)
        }
        api.suspend = { call, limit, then, user in
            Strict.owns(call, "suspend of martlet.script")
            return made.pointee.suspend(call, limit, then, user)
        }
        return kept(api)
    }()
}

extension mt_sip_api {
    nonisolated(unsafe) static let checked: UnsafePointer<mt_sip_api> = {
        var api = made.pointee
        api.token = { name in
            Strict.isOnMain("token of martlet.sip")
            return made.pointee.token(name)
        }
        return kept(api)
    }()
}

extension mt_net_api {
    nonisolated(unsafe) static let checked: UnsafePointer<mt_net_api> = {
        var api = made.pointee
        api.send = { call, message, flow, sent, user in
            Strict.owns(call, "send of martlet.net")
            Strict.owns(message, "send of martlet.net")
            return made.pointee.send(call, message, flow, sent, user)
        }
        api.send_next = { call, message, sent, user in
            Strict.owns(call, "send_next of martlet.net")
            Strict.owns(message, "send_next of martlet.net")
            return made.pointee.send_next(call, message, sent, user)
        }
        api.send_bytes = { bytes, flow in
            Strict.isText(bytes, "send_bytes of martlet.net")
            return made.pointee.send_bytes(bytes, flow)
        }
        return kept(api)
    }()
}

extension mt_attribute_api {
    nonisolated(unsafe) static let checked: UnsafePointer<mt_attribute_api> = {
        var api = made.pointee
        api.get = { message, kind, root, member, index, out in
            Strict.owns(message, "get of martlet.attribute")
            return made.pointee.get(message, kind, root, member, index, out)
        }
        api.add = { message, kind, root, member, value in
            Strict.owns(message, "add of martlet.attribute")
            return made.pointee.add(message, kind, root, member, value)
        }
        api.set = { message, kind, root, member, index, value in
            Strict.owns(message, "set of martlet.attribute")
            return made.pointee.set(message, kind, root, member, index, value)
        }
        api.remove = { message, kind, root, member, index in
            Strict.owns(message, "remove of martlet.attribute")
            return made.pointee.remove(message, kind, root, member, index)
        }
        api.count = { message, kind, root, member in
            Strict.owns(message, "count of martlet.attribute")
            return made.pointee.count(message, kind, root, member)
        }
        api.name = { message, kind, root, index in
            Strict.owns(message, "name of martlet.attribute")
            return made.pointee.name(message, kind, root, index)
        }
        api.share = { with, from in
            Strict.owns(with, "share of martlet.attribute")
            Strict.owns(from, "share of martlet.attribute")
            return made.pointee.share(with, from)
        }
        api.keep = { message in
            Strict.owns(message, "keep of martlet.attribute")
            return made.pointee.keep(message)
        }
        api.lend = { with, kept in
            Strict.owns(with, "lend of martlet.attribute")
            made.pointee.lend(with, kept)
        }
        return kept(api)
    }()
}

extension mt_statistic_api {
    nonisolated(unsafe) static let checked: UnsafePointer<mt_statistic_api> = {
        var api = made.pointee
        api.define = { owner, group, name in
            Strict.isOnMain("define of martlet.statistic")
            return made.pointee.define(owner, group, name)
        }
        return kept(api)
    }()
}

extension mt_setting_api {
    nonisolated(unsafe) static let checked: UnsafePointer<mt_setting_api> = {
        var api = made.pointee
        api.set = { changes, count, why in
            Strict.isOnMain("set of martlet.setting")
            return made.pointee.set(changes, count, why)
        }
        return kept(api)
    }()
}

extension mt_rpc_api {
    nonisolated(unsafe) static let checked: UnsafePointer<mt_rpc_api> = {
        var api = made.pointee
        api.put = { call, key, value in
            Strict.isOnMain("put of martlet.rpc")
            return made.pointee.put(call, key, value)
        }
        api.open = { call, key, list in
            Strict.isOnMain("open of martlet.rpc")
            return made.pointee.open(call, key, list)
        }
        api.close = { call in
            Strict.isOnMain("close of martlet.rpc")
            return made.pointee.close(call)
        }
        api.fault = { call, code, text in
            Strict.isOnMain("fault of martlet.rpc")
            return made.pointee.fault(call, code, text)
        }
        return kept(api)
    }()
}

/// At an address that stays.
private func kept<API>(_ api: API) -> UnsafePointer<API> {
    let place = UnsafeMutablePointer<API>.allocate(capacity: 1)
    place.initialize(to: api)
    return UnsafePointer(place)
}
