// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message
import Script

/// "martlet.attribute": `$avp` and its kin.
extension mt_attribute_api {
    /// Written once, read by everyone: that makes `unsafe` safe.
    nonisolated(unsafe) static let made: UnsafePointer<mt_attribute_api> = {
        let table = UnsafeMutablePointer<mt_attribute_api>.allocate(capacity: 1)
        var api = mt_attribute_api()
        api.head = mt_head(size: UInt32(MemoryLayout<mt_attribute_api>.size), major: 1, minor: 0)
        api.get = { message, kind, root, member, index, out in
            guard let message,
                let value = Attributes.get(
                    Message(message), kind: kind, root: Slice(root), member: Slice(member), index: index)
            else { return mt_result(MT_NO) }
            out?.pointee = value.mt
            return mt_result(MT_OK)
        }
        api.add = { message, kind, root, member, value in
            guard let message, let value else { return mt_result(MT_ERROR) }
            return answer(
                Attributes.add(
                    Message(message), kind: kind, root: Slice(root), member: Slice(member),
                    ScriptValue(value.pointee)))
        }
        api.set = { message, kind, root, member, index, value in
            guard let message, let value else { return mt_result(MT_ERROR) }
            return answer(
                Attributes.set(
                    Message(message), kind: kind, root: Slice(root), member: Slice(member), index: index,
                    ScriptValue(value.pointee)))
        }
        api.remove = { message, kind, root, member, index in
            guard let message else { return mt_result(MT_ERROR) }
            return answer(
                Attributes.remove(
                    Message(message), kind: kind, root: Slice(root), member: Slice(member), index: index))
        }
        api.count = { message, kind, root, member in
            guard let message else { return 0 }
            return Attributes.count(Message(message), kind: kind, root: Slice(root), member: Slice(member))
        }
        api.name = { message, kind, root, index in
            guard let message else { return mt_str() }
            return Attributes.name(Message(message), kind: kind, root: Slice(root), index: index).mt
        }
        api.share = { with, from in
            guard let with, let from else { return mt_result(MT_ERROR) }
            Attributes.share(with: Message(with), from: Message(from))
            return mt_result(MT_OK)
        }
        api.keep = { message in message.flatMap { Attributes.keep(Message($0)) } }
        api.lend = { with, kept in
            guard let with, let kept else { return }
            Attributes.lend(kept, to: Message(with))
        }
        api.drop = { kept in kept.map { Attributes.release($0) } }
        table.initialize(to: api)
        return UnsafePointer(table)
    }()
}
