// SPDX-License-Identifier: Apache-2.0

/// One request of JSON-RPC 2.0, with what Kamailio's clients add to it.
public struct Question: Equatable, Sendable {
    public enum Argument: Equatable, Sendable {
        case nothing
        case int(Int64)
        case text(String)
    }

    public var method: String
    public var arguments: [Argument]
    /// As it came; nil: there was none.
    public var id: JSON?
    /// Nobody is to be answered: it says that it is JSON-RPC 2.0, and has no id (JSON-RPC 2.0, 4.1).
    public var isNotification: Bool
    /// Over the fifo: where the answer goes.
    public var replyName: String?
    /// A file that the answer is written to as well.
    public var storePath: String?
}

/// Why a request is not run. Codes below −32000 are those of JSON-RPC 2.0, 5.1.
public struct Refusal: Error, Equatable, Sendable {
    public let code: Int
    public let message: String
    public var id: JSON? = .null

    public static func unreadable(_ fault: JSONReader.Fault) -> Refusal {
        Refusal(code: -32700, message: "Parse error: \(fault.what), at byte \(fault.place)")
    }
    static func invalid(_ why: String, _ id: JSON?) -> Refusal {
        Refusal(code: -32600, message: "Invalid Request: \(why)", id: id ?? .null)
    }

    public var answer: JSON {
        Answering.fault(code: code, message: message, id: id)
    }
}

/// What the bytes of a client ask for.
public enum Asked: Equatable, Sendable {
    case one(Result<Question, Refusal>)
    case batch([Result<Question, Refusal>])
    /// None of it is to be run.
    case refused(Refusal)

    /// More in one batch is refused: all of it is answered at once.
    public static let largestBatch = 1024

    public init(_ bytes: [UInt8]) {
        do throws(JSONReader.Fault) {
            self.init(try JSONReader.read(bytes))
        } catch {
            self = .refused(.unreadable(error))
        }
    }

    public init(_ value: JSON) {
        guard case .array(let values) = value else {
            self = .one(Asked.question(value))
            return
        }
        if values.isEmpty {
            self = .refused(.invalid("the batch is empty", nil))
        } else if values.count > Asked.largestBatch {
            self = .refused(.invalid("a batch has at most \(Asked.largestBatch) requests", nil))
        } else {
            self = .batch(values.map(Asked.question))
        }
    }

    /// The name that the first of them gives for the reply.
    public var replyName: String? {
        switch self {
        case .one(let question): (try? question.get())?.replyName
        case .batch(let questions): questions.lazy.compactMap { (try? $0.get())?.replyName }.first
        case .refused: nil
        }
    }

    private static func question(_ value: JSON) -> Result<Question, Refusal> {
        guard case .object = value else { return .failure(.invalid("a request is an object", nil)) }
        let id = value["id"]
        switch id {
        case nil, .null, .text, .number, .bool: break
        default: return .failure(.invalid("an id is a text or a number", nil))
        }
        guard case .text(let method)? = value["method"], !method.isEmpty else {
            return .failure(.invalid("\"method\" has to be the name of a command", id))
        }
        var question = Question(
            method: method, arguments: [], id: id,
            isNotification: id == nil && value["jsonrpc"] == .text("2.0"))
        if case .text(let name)? = value["reply_name"] { question.replyName = name }
        if case .text(let path)? = value["store_path"] { question.storePath = path }
        let values: [JSON]
        switch value["params"] {
        case nil, .null: values = []
        case .array(let all): values = all
        case .object(let members): values = members.map(\.value)
        default: return .failure(.invalid("\"params\" has to be an array or an object", id))
        }
        for value in values {
            switch value {
            case .null: question.arguments.append(.nothing)
            case .bool(let flag): question.arguments.append(.int(flag ? 1 : 0))
            case .text(let text): question.arguments.append(.text(text))
            // What is no whole number is passed on as it is written.
            case .number(let digits):
                question.arguments.append(Int64(digits).map { .int($0) } ?? .text(digits))
            case .array, .object:
                return .failure(
                    Refusal(
                        code: -32602, message: "Invalid params: a parameter is a text or a number",
                        id: id ?? .null))
            }
        }
        return .success(question)
    }
}
