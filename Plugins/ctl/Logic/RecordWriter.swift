// SPDX-License-Identifier: Apache-2.0

/// Puts records one behind the other, as the body of a packet.
public struct RecordWriter {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public mutating func int(_ value: Int32) {
        let bits = UInt32(bitPattern: value)
        let size = Self.size(UInt64(bits))
        bytes.append(UInt8(size) << 4 | RecordType.int)
        number(UInt64(bits), size)
    }

    /// A number that does not fit the 32 bits of the format travels as text: it reads the same in kamcmd.
    public mutating func integer(_ value: Int64) {
        if let value = Int32(exactly: value) { int(value) } else { text(Array(String(value).utf8)) }
    }

    /// The format has no room for a negative one, nor for one beyond 56 bits: they travel as text.
    public mutating func double(thousandths: Int64) {
        guard thousandths >= 0, thousandths < 1 << 56 else { return text(Array(decimal(thousandths).utf8)) }
        let size = Self.size(UInt64(thousandths))
        bytes.append(UInt8(size) << 4 | RecordType.double)
        number(UInt64(thousandths), size)
    }

    public mutating func text(_ text: some Collection<UInt8>) { string(text, RecordType.text) }
    public mutating func name(_ name: some Collection<UInt8>) { string(name, RecordType.name) }

    public mutating func openStructure() { bytes.append(RecordType.structure) }
    public mutating func closeStructure() { bytes.append(0x80 | RecordType.structure) }
    public mutating func openList() { bytes.append(RecordType.list) }
    public mutating func closeList() { bytes.append(0x80 | RecordType.list) }

    private mutating func string(_ text: some Collection<UInt8>, _ type: UInt8) {
        let count = text.count + 1
        if count < 8 {
            bytes.append(UInt8(count) << 4 | type)
        } else {
            let size = Self.size(UInt64(count))
            bytes.append(0x80 | UInt8(size) << 4 | type)
            number(UInt64(count), size)
        }
        bytes.append(contentsOf: text)
        bytes.append(0)
    }

    private mutating func number(_ value: UInt64, _ size: Int) {
        for place in stride(from: size - 1, through: 0, by: -1) {
            bytes.append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(place))))
        }
    }

    /// The fewest bytes that hold the value; none for 0.
    static func size(_ value: UInt64) -> Int { (64 - value.leadingZeroBitCount + 7) / 8 }
}

/// Thousandths as one writes them: 1500 is "1.5".
public func decimal(_ thousandths: Int64) -> String {
    let magnitude = thousandths.magnitude
    var digits = String(magnitude % 1000)
    digits = String(repeating: "0", count: 3 - digits.count) + digits
    while digits.last == "0", digits.count > 1 { digits.removeLast() }
    return (thousandths < 0 ? "-" : "") + String(magnitude / 1000) + "." + digits
}
