// SPDX-License-Identifier: Apache-2.0
import CMartlet
import PluginKit
import TextopsLogic

/// What other plugins may use: substitutions. See textops.h.
func offered(_ head: mt_head) -> textops_api {
    textops_api(
        head: head,
        substitution: { source in
            do throws(Substitution.Malformed) {
                let plan = try Plan(Text(unchecked: source), reading: true)
                return OpaquePointer(Unmanaged.passRetained(plan).toOpaque())
            } catch {
                _ = Host.fail(error.what, help: error.help)
                return nil
            }
        },
        apply: { call, message, substitution, text in
            guard let call, let message, let substitution else { return mt_str() }
            return Unmanaged<Plan>.fromOpaque(UnsafeRawPointer(substitution))._withUnsafeGuaranteedRef {
                $0.apply(to: text, Call(call), Message(message))?.raw ?? mt_str()
            }
        },
        substitute: { call, message, source, text in
            guard let call, let message else { return mt_str() }
            do throws(Substitution.Malformed) {
                let plan = try Plan(Text(unchecked: source), reading: false)
                defer { plan.pattern.free() }
                return plan.apply(to: text, Call(call), Message(message))?.raw ?? mt_str()
            } catch {
                Host.log(
                    .error,
                    "the substitution \"\(String(Text(unchecked: source)))\" cannot be used: \(error.what)")
                return mt_str()
            }
        })
}
