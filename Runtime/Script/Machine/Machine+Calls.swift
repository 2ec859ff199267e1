// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

extension UnsafeMutablePointer where Pointee == MachineState {
    /// Turns a value into what the function declared, at its place among the arguments. false: it cannot be,
    /// which has been said.
    @inline(__always)
    func convert(_ value: ScriptValue, _ index: Int, _ site: UnsafePointer<CallSite>) -> Bool {
        let specification = site.pointee.specifications.unsafelyUnwrapped + index
        let argument = pointee.arguments + index
        if specification.pointee.type == UInt32(MT_STR) {
            argument.pointee.type = UInt32(value.isNull ? MT_NULL : MT_STR)
            argument.pointee.num = 0
            argument.pointee.str = value.asText(pointee.context.message).mt
            argument.pointee.ptr = nil
            if value.isNull { argument.pointee.str = mt_str() }
            return true
        }
        return convertRarely(value, specification, argument, site)
    }

    @inline(never)
    private func convertRarely(
        _ value: ScriptValue, _ specification: UnsafePointer<ArgumentSpecification>,
        _ argument: UnsafeMutablePointer<mt_value>, _ site: UnsafePointer<CallSite>
    ) -> Bool {
        let wanted = specification.pointee
        argument.pointee = mt_value()
        if value.isNull { return true }
        argument.pointee.type = wanted.type
        let text = value.hasText ? value.text : value.asText(pointee.context.message)
        func refuse(_ what: String) -> Bool {
            log(
                Int(MT_LOG_ERROR),
                "\(String(cString: site.pointee.function)): \(String(cString: wanted.name)) \(what)")
            return false
        }
        switch Int(wanted.type) {
        case Int(MT_INT), Int(MT_BOOL), Int(MT_MS):
            guard
                let number = value.hasNumber
                    ? value.number : ArgumentValue.number(of: text, type: wanted.type)
            else {
                return refuse("must be \(ArgumentValue.wanted(wanted.type)), not \"\(text.string)\"")
            }
            if wanted.hasRange, number < wanted.least || number > wanted.most {
                return refuse("must be \(wanted.least) to \(wanted.most), not \(number)")
            }
            argument.pointee.num = wanted.type == UInt32(MT_BOOL) && number != 0 ? 1 : number
        case Int(MT_ROUTE):
            let number = route(wanted.block, named: text)
            guard number != 0 else {
                return refuse(
                    "names no block: there is no \(RouteTable.keyword(wanted.block))[\(text.string)]")
            }
            argument.pointee.num = Int64(number)
            argument.pointee.str = text.mt
        case Int(MT_SOCKET):
            let socket = pointee.context.services.pointee.findSocket(text.mt)
            guard socket != .max else { return refuse("is no listening socket: \"\(text.string)\"") }
            argument.pointee.num = Int64(socket)
            argument.pointee.str = text.mt
        case Int(MT_REGEX):
            guard let pattern = pointee.context.values.pointee.pattern(text) else {
                return refuse("is not a regular expression: \"\(text.string)\"")
            }
            argument.pointee.ptr = UnsafeMutableRawPointer(mutating: pattern.opaque)
            argument.pointee.str = text.mt
        default:
            argument.pointee.str = text.mt
        }
        return true
    }
}

extension WorkerValues {
    /// A pattern that is computed, kept among the last ones; nil when it is none. It may go at the next one.
    mutating func pattern(_ text: Slice) -> Pattern? {
        try? patterns.pattern(text, ignoringCase: true).get()  // Why not is not asked: the text is shown.
    }
}
