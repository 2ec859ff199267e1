// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Cfg_rpcLogic
import PluginKit

/// The server's settings, as these commands see them. On the commands' thread only.
enum Settings {
    static var count: UInt32 { Server.setting.pointee.count() }

    static func at(_ index: UInt32) -> mt_setting? {
        var setting = mt_setting()
        setting.size = UInt32(MemoryLayout<mt_setting>.size)
        return Server.setting.pointee.get(index, &setting) > 0 ? setting : nil
    }

    static func find(_ group: String, _ name: String) -> (index: UInt32, setting: mt_setting)? {
        for index in 0..<count {
            guard let setting = at(index), text(setting.name) == name, text(setting.group) == group else {
                continue
            }
            return (index, setting)
        }
        return nil
    }

    static func of(_ group: String) -> [(index: UInt32, setting: mt_setting)] {
        (0..<count).compactMap { index in at(index).map { (index, $0) } }.filter { text($0.1.group) == group }
    }

    /// What is wrong, or nil.
    static func set(_ changes: [Staged.Change]) -> String? {
        // Texts have to stay until the server has copied them.
        let texts = changes.map { change -> [CChar] in
            if case .text(let text)? = change.value { return text.utf8.map { CChar(bitPattern: $0) } }
            return []
        }
        var all: [CChar] = texts.flatMap { $0 }
        all.append(0)
        return all.withUnsafeBufferPointer { bytes in
            var at = 0
            var values: [mt_change] = []
            for (change, text) in zip(changes, texts) {
                var value = mt_value()
                switch change.value {
                case nil: break
                case .int(let number): value = mt_value(number)
                case .text: value = mt_value(mt_str(ptr: bytes.baseAddress.map { $0 + at }, len: text.count))
                }
                at += text.count
                values.append(mt_change(index: change.index, reserved: 0, value: value))
            }
            var why = mt_str()
            guard Server.setting.pointee.set(values, UInt32(values.count), &why) <= 0 else { return nil }
            return why.ptr == nil ? "the server refuses" : Settings.text(why)
        }
    }

    static func text(_ text: mt_str) -> String { String(Text(unchecked: text)) }
}

extension mt_setting {
    var isNumber: Bool { type != UInt32(MT_STR) }
    var isSecret: Bool { flags & UInt32(MT_SECRET) != 0 }

    /// As answers have it: numbers and times are numbers.
    var shown: mt_value { isNumber && value.type != UInt32(MT_NULL) ? mt_value(Int(value.num)) : value }
}
