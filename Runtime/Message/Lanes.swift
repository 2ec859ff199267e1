// SPDX-License-Identifier: Apache-2.0

#if arch(x86_64)
    internal import _Builtin_intrinsics.intel.sse2
#endif

/// Sixteen bytes, looked at together: each question is one or two instructions and has sixteen answers.
struct Lanes {
    private let bytes: SIMD16<UInt8>

    /// Safe only where sixteen bytes may be read.
    @inline(__always) init(_ start: UnsafePointer<UInt8>) {
        bytes = UnsafeRawPointer(start).loadUnaligned(as: SIMD16<UInt8>.self)
    }

    /// 1 to 15 bytes, in the last lanes; the lanes before them hold anything. Reads no other byte.
    @inline(never) init(short start: UnsafePointer<UInt8>, _ count: Int) {
        let first = UnsafeRawPointer(start)
        let left = UInt64(truncatingIfNeeded: 8 &- count) &* 8
        var words = SIMD2<UInt64>()
        if count >= 8 {
            words[0] = first.loadUnaligned(as: UInt64.self) &<< left
            words[1] = first.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
        } else if count >= 4 {
            let low = UInt64(first.loadUnaligned(as: UInt32.self))
            let high = UInt64(first.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
            words[1] = low &<< left | high &<< 32
        } else {
            let middle = UInt64(start[count / 2]) &<< UInt64(truncatingIfNeeded: count / 2 &* 8)
            words[1] = (UInt64(start[0]) | middle) &<< left | UInt64(start[count &- 1]) &<< 56
        }
        bytes = unsafeBitCast(words, to: SIMD16<UInt8>.self)
    }

    @inline(__always) func are(_ byte: UInt8) -> Marks { Marks(bytes .== SIMD16(repeating: byte)) }

    @inline(__always) func areUpTo(_ byte: UInt8) -> Marks { Marks(bytes .<= SIMD16(repeating: byte)) }

    @inline(__always) func areIn(_ low: UInt8, _ high: UInt8) -> Marks {
        Marks((bytes &- SIMD16(repeating: low)) .<= SIMD16(repeating: high &- low))
    }

    /// A blank, a tab, or part of a line end.
    @inline(__always) var areSpace: Marks { are(0x20) | areIn(9, 10) | are(13) }

    /// Letters of either case.
    @inline(__always) var areAlpha: Marks {
        let lower = bytes | SIMD16(repeating: 0x20)
        return Marks((lower &- SIMD16(repeating: 0x61)) .<= SIMD16(repeating: 25))
    }

    /// A letter, a digit, a dot, a hyphen, an underscore.
    @inline(__always) var areHost: Marks {
        areAlpha | (areIn(0x2D, 0x39) & ~are(UInt8(ascii: "/"))) | are(UInt8(ascii: "_"))
    }

    /// What tokens are made of (RFC 3261, 25.1): alphanum and - . ! % * _ + ` ' ~
    @inline(__always) var areToken: Marks {
        areHost | areIn(UInt8(ascii: "*"), UInt8(ascii: "+")) | are(UInt8(ascii: "`"))
            | are(UInt8(ascii: "~"))
            | are(UInt8(ascii: "!")) | are(UInt8(ascii: "%")) | are(UInt8(ascii: "'"))
    }

    /// What no URI has: blanks, control characters, angle brackets, quotes.
    @inline(__always) var areNoURI: Marks {
        let angles = Marks((bytes | SIMD16(repeating: 2)) .== SIMD16(repeating: UInt8(ascii: ">")))
        return areUpTo(0x20) | angles | are(UInt8(ascii: "\"")) | are(0x7F)
    }
}

/// What was answered for sixteen lanes: 0xFF is yes. Bytes, for the comparisons' own masks are joined lane by lane.
struct Marks {
    private let bytes: SIMD16<UInt8>

    @inline(__always) init(_ mask: SIMDMask<SIMD16<Int8>>) {
        bytes = unsafeBitCast(mask, to: SIMD16<UInt8>.self)
    }

    @inline(__always) private init(_ bytes: SIMD16<UInt8>) { self.bytes = bytes }

    @inline(__always) static func | (a: Marks, b: Marks) -> Marks { Marks(a.bytes | b.bytes) }
    @inline(__always) static func & (a: Marks, b: Marks) -> Marks { Marks(a.bytes & b.bytes) }
    @inline(__always) static prefix func ~ (a: Marks) -> Marks { Marks(~a.bytes) }

    /// One bit per lane, that of the first byte lowest.
    @inline(__always) var bits: UInt32 {
        #if arch(x86_64)
            return UInt32(truncatingIfNeeded: _mm_movemask_epi8(unsafeBitCast(bytes, to: SIMD2<Int64>.self)))
        #else
            // The lowest bit of each byte, shifted to the top by a factor of its own.
            let words = unsafeBitCast(bytes, to: SIMD2<UInt64>.self) & 0x0101_0101_0101_0101
            let tops = words &* 0x0102_0408_1020_4080
            return UInt32(truncatingIfNeeded: tops[0] >> 56 | (tops[1] >> 56) << 8)
        #endif
    }
}
