// SPDX-License-Identifier: Apache-2.0
import Auth_dbLogic
import CMartlet
import PluginKit

/// auth_check(), www_authenticate() and proxy_authenticate().
enum Checking {
    /// - Parameters:
    ///   - kind: AUTH_WWW ...
    ///   - flags: those of auth_check(); nil: it is not asked who the request says it is from.
    static func start(
        _ call: borrowing Call, _ realm: Text, _ table: TableArgument, kind: Int, flags: Int?
    ) -> Outcome {
        guard !realm.isEmpty, let subscribers = table.table else {
            Host.log(.error, "a realm and a table are needed to check credentials")
            return .no
        }
        var credentials = auth_credentials()
        let code = Int(auth.table.pointee.find(call.message.raw, realm.raw, UInt32(kind), &credentials))
        guard code == Int(AUTH_OK) else { return Outcome(code == Int(AUTH_EXEMPT) ? 1 : code) }
        if let flags {
            let same = auth.table.pointee.match(
                call.message.raw, &credentials, UInt32(truncatingIfNeeded: flags), useDomain.value)
            guard same == mt_result(AUTH_OK) else { return Outcome(Int(same)) }
        }
        var domain = mt_str()
        if useDomain.value { domain = credentials.domain.len > 0 ? credentials.domain : credentials.realm }
        // The header stays where it is in the message, which is there again afterwards.
        let wanted = Wanted(credentials: credentials, hasMethod: flags == nil)
        return subscribers.ask(call, user: credentials.user, domain: domain) { call, answer in
            judge(call, answer, wanted)
        }
    }

    /// What outlives the wait: it points into the message.
    private struct Wanted: @unchecked Sendable {
        let credentials: auth_credentials
        /// The third argument is one.
        let hasMethod: Bool
    }

    private static func judge(_ call: borrowing Call, _ answer: Answer, _ wanted: Wanted) -> Outcome {
        switch answer.found {
        case .nothing: return Outcome(Int(AUTH_ERROR))
        case .nobody: return Outcome(Int(AUTH_UNKNOWN))
        case .somebody: break
        }
        var credentials = wanted.credentials
        let columns = Settings.columns
        let isHash = !calculatesHash.value
        let column = isHash && credentials.domain.len > 0 ? columns.otherPassword : columns.password
        let secret = answer.text(column)
        let method = wanted.hasMethod ? call.argument(2).text.raw : mt_str()
        let code = secret.withUnsafeBufferPointer { secret in
            auth.table.pointee.check(
                call.message.raw, &credentials, mt_str(ptr: secret.baseAddress, len: secret.count), isHash,
                method)
        }
        if code == mt_result(AUTH_OK) || loadsAlways.value { answer.load(call) }
        return Outcome(Int(code))
    }
}

/// is_subscriber()
enum Knowing {
    static func start(_ call: borrowing Call, _ uri: Text, _ table: TableArgument, _ flags: Int) -> Outcome {
        guard let subscribers = table.table, let parsed = URI(uri), !parsed.user.isEmpty else { return .no }
        let domain = useDomain.value || flags & 1 != 0 ? parsed.host.raw : mt_str()
        return subscribers.ask(call, user: parsed.user.raw, domain: domain) { call, answer in
            guard answer.found == .somebody else { return .no }
            if flags & 2 == 0, call.hasMessage { answer.load(call) }
            return .yes
        }
    }
}
