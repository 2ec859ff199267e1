// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// Turns a checked script into byte code. Nothing can go wrong here any more.
public final class Compiler {
    let storage: CodeStorage
    private(set) var code: [Instruction] = []
    private var lines: [UInt32] = []
    private var places: [Place] = []
    private var recoveries: [(start: Int, end: Int, target: Label, depth: Int)] = []
    private var files: [ObjectIdentifier: Slice] = [:]

    /// How many values lie on the stack here, and the most there were in this block.
    private(set) var depth = 0
    private var deepest = 0
    /// What `break` leaves: the innermost loop or switch.
    var exits: [Label] = []
    /// Code that is rarely reached, put behind the block it belongs to.
    var outOfLine: [() -> Void] = []

    public static func compile(_ script: CheckedScript) -> Program {
        Compiler(script.storage).compile(script)
    }

    private init(_ storage: CodeStorage) { self.storage = storage }

    private func compile(_ script: CheckedScript) -> Program {
        var routes: [Program.Route] = []
        for route in script.routes {
            let entry = code.count
            depth = 0
            deepest = 0
            at(route.place)
            compile(route.body, isLast: true)
            emit(.giveBackResult)
            while !outOfLine.isEmpty { outOfLine.removeFirst()() }
            routes.append(
                Program.Route(
                    kind: route.kind, name: route.name, place: route.place, entry: UInt32(entry),
                    depth: UInt32(deepest), text: storage.text(route.name.utf8)))
        }
        let recoveries = self.recoveries.map {
            Program.Recovery(
                start: UInt32($0.start), end: UInt32($0.end), target: UInt32($0.target.position),
                depth: UInt32($0.depth))
        }
        let fallback = Instruction(code: .giveBackResult)
        return Program(
            routes: routes, code: storage.place(code.isEmpty ? [fallback] : code).baseAddress!, lines: lines,
            places: places, recoveries: recoveries, maxRecursiveLevel: script.maxRecursiveLevel,
            maxWhileLoops: script.maxWhileLoops, storage: storage)
    }

    // MARK: - Emitting

    /// A position that is jumped to, perhaps before it is known.
    final class Label {
        fileprivate(set) var position = -1
        fileprivate var waiting: [Int] = []
    }

    /// From now on, code belongs to this place.
    func at(_ place: Place) {
        if places.last != place { places.append(place) }
    }

    var placeNumber: UInt32 { UInt32(max(places.count, 1) - 1) }

    /// `effect`: how many values there are more or less afterwards.
    func emit(_ instruction: Instruction, effect: Int = 0) {
        code.append(instruction)
        lines.append(placeNumber)
        depth += effect
        deepest = max(deepest, depth)
    }

    func emit(
        _ code: Instruction.Code, small: UInt8 = 0, mark: Bool = false, operand: Int = 0, effect: Int = 0
    ) {
        emit(Instruction(code: code, small: small, mark: mark ? 1 : 0, operand: operand), effect: effect)
    }

    func emit(
        _ code: Instruction.Code, small: UInt8 = 0, mark: Bool = false, pointer: UnsafeRawPointer,
        effect: Int = 0
    ) {
        emit(code, small: small, mark: mark, operand: Int(bitPattern: pointer), effect: effect)
    }

    func emit(_ code: Instruction.Code, to label: Label, operand: Int = 0, effect: Int = 0) {
        if label.position < 0 { label.waiting.append(self.code.count) }
        emit(
            Instruction(code: code, target: UInt32(max(label.position, 0)), operand: operand), effect: effect)
    }

    func put(_ label: Label) {
        label.position = code.count
        for index in label.waiting { code[index].target = UInt32(code.count) }
        label.waiting = []
    }

    /// What the code emitted by `body` computes may fail; then the machine goes on at `label`.
    func recovering(at label: Label, _ body: () -> Void) {
        let start = code.count
        let depth = depth
        body()
        recoveries.append((start, code.count, label, depth))
    }

    /// Where a statement goes on that failed: its value is `result`, and the next one follows.
    func failure(_ result: Int) -> (failed: Label, next: Label) {
        let failed = Label()
        let next = Label()
        let number = placeNumber
        outOfLine.append { [self] in
            put(failed)
            at(places[Int(number)])
            emit(.setResult, operand: result)
            emit(.jump, to: next)
        }
        return (failed, next)
    }

    /// A way that joins another one with fewer values on the stack.
    func joining(_ change: Int) { depth += change }

    // MARK: - Constants

    func pointer<Value: BitwiseCopyable>(_ value: Value) -> UnsafeRawPointer {
        UnsafeRawPointer(storage.place(value))
    }

    func cString(_ text: String) -> UnsafePointer<CChar> {
        UnsafeRawPointer(storage.text(text.utf8).base!).assumingMemoryBound(to: CChar.self)
    }

    func fileName(_ place: Place) -> UnsafePointer<CChar> {
        let key = ObjectIdentifier(place.file)
        let text = files[key] ?? storage.text(place.file.name.utf8)
        files[key] = text
        return UnsafeRawPointer(text.base!).assumingMemoryBound(to: CChar.self)
    }
}
