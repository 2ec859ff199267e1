// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import Message
import Testing

@testable import Script

@Suite struct AttributeTests {
    @Test func `a $avp is a list, the newest first`() throws {
        let bench = try Bench()
        bench.check([
            ("!$avp(a) = 1", ""),
            ("!$avp(a) = \"two\"", ""),
            ("!$avp(a) = 3", ""),
            ("$avp(a) $(avp(a)[0]) $(avp(a)[1]) $(avp(a)[2])", "3 3 two 1"),
            ("$(avp(a)[-1]) $(avp(a)[-3]) $(avp(a)[3]) $(avp(a)[-4])", "1 3 <null> <null>"),
            ("$(avp(a)[*])", "3, two, 1"),
            ("$cnt($avp(a)) $cnt($avp(b))", "3 0"),
            ("!$avp(a) = $null", ""),
            ("$(avp(a)[*])", "two, 1"),
            ("!$(avp(a)[*]) = \"all\"", ""),
            ("$(avp(a)[*])", "all"),
            ("!$avp(a) = 5", ""),
            ("!$(avp(a)[*]) = $null", ""),
            ("$avp(a) $(avp(a)[*]) $cnt($avp(a))", "<null> <null> 0"),
        ])
    }

    @Test func `names by text and by number are apart`() throws {
        let bench = try Bench()
        bench.check([
            ("!$avp(i:10) = \"number\"", ""),
            ("!$avp(s:10) = \"text\"", ""),
            ("$avp(i:10) $avp(s:10) $avp(10)", "number text text"),
            ("!$avp(Case) = 1", ""),
            ("$avp(case)", "<null>"),
        ])
    }

    @Test func `a $xavp has roots with members`() throws {
        let bench = try Bench()
        bench.check([
            ("!$xavp(a) = 1", ""),
            ("!$xavp(a) = \"two\"", ""),
            ("$xavp(a) $(xavp(a)) $xavp(a[0]) $xavp(a[1]) $xavp(a[-1])", "two two two 1 1"),
            ("$xavp(a[2]) $cnt($xavp(a))", "<null> 2"),
            ("!$xavp(a[1]) = \"changed\"", ""),
            ("$xavp(a[0]) $xavp(a[1]) $cnt($xavp(a))", "two changed 2"),
            ("!$xavp(a[5]) = \"nope\"", "fails"),
            ("!$xavp(a[0]) = $null", ""),
            ("$xavp(a) $cnt($xavp(a))", "changed 1"),
            ("!$xavp(a) = 6", ""),
            ("!$xavp(a[*]) = $null", ""),
            ("$xavp(a) $cnt($xavp(a))", "<null> 0"),
            ("!$xavp(b=>x) = \"bx\"", ""),
            ("!$xavp(b=>y) = \"by\"", ""),
            ("$xavp(b=>x) $xavp(b=>y) $cnt($xavp(b)) $xavp(b[1]=>x)", "<null> by 2 bx"),
            ("!$xavp(b[0]=>x) = \"bx3\"", ""),
            ("!$xavp(b[0]=>x) = \"bx4\"", ""),
            ("$xavp(b=>x[0]) $xavp(b=>x[1]) $xavp(b=>x[2]) $xavp(b=>y)", "bx4 bx3 <null> by"),
            ("!$xavp(b[0]=>x[0]) = \"bx5\"", ""),
            ("$xavp(b=>x[0]) $xavp(b=>x[1])", "bx5 bx3"),
            ("!$xavp(b=>x[*]) = $null", ""),
            ("$xavp(b=>x) $xavp(b=>y)", "<null> by"),
            ("!$xavp(b[1]=>z) = \"z1\"", ""),
            ("$cnt($xavp(b)) $xavp(b[1]=>z)", "2 z1"),
            ("!$xavp(c) = \"str\"", ""),
            ("!$xavp(c=>m) = \"mm\"", ""),
            ("$xavp(c=>m) $cnt($xavp(c)) $xavp(c[1])", "mm 2 str"),
            ("!$xavp(e[0]=>m) = \"e0\"", "fails"),
            ("!$xavp(A) = \"upper\"", ""),
            ("$xavp(a) $xavp(A)", "<null> upper"),
            ("!$xavp(deep=>in=>side) = 1", ""),
            ("$xavp(deep=>in=>side)", "1"),
        ])
    }

    @Test func `a $xavu has one value, $xavi ignores case`() throws {
        let bench = try Bench()
        bench.check([
            ("!$xavu(u) = 1", ""),
            ("!$xavu(u) = \"two\"", ""),
            ("$xavu(u) $cnt($xavu(u))", "two 1"),
            ("!$xavu(u=>a) = \"ua\"", ""),
            ("$xavu(u=>a) $cnt($xavu(u))", "ua 1"),
            ("!$xavu(v=>a) = \"va\"", ""),
            ("!$xavu(v=>a) = \"va2\"", ""),
            ("!$xavu(v=>b) = 7", ""),
            ("$xavu(v=>a) $xavu(v=>b) $xavu(v=>c)", "va2 7 <null>"),
            ("!$xavu(v=>a) = $null", ""),
            ("$xavu(v=>a) $xavu(v=>b)", "<null> 7"),
            ("!$xavu(v) = $null", ""),
            ("$xavu(v=>b)", "<null>"),
            ("!$xavi(Foo) = \"f\"", ""),
            ("!$xavi(foo=>Bar) = \"b\"", ""),
            ("$xavi(FOO=>bar) $xavi(FOO[1])", "b f"),
        ])
    }

    @Test func `indexes may be computed`() throws {
        let bench = try Bench()
        bench.check([
            ("!$var(i) = 1", ""),
            ("!$xavp(k) = 1", ""),
            ("!$xavp(k) = 2", ""),
            ("!$xavp(k) = 3", ""),
            ("$xavp(k[$var(i)])", "2"),
            ("!$avp(k) = 1", ""),
            ("!$avp(k) = 2", ""),
            ("$(avp(k)[$var(i)])", "1"),
        ])
    }

    @Test func `plugins reach them by name`() throws {
        let bench = try Bench()
        let message = bench.message
        let avp = UInt32(MT_A_AVP)
        let xavp = UInt32(MT_A_XAVP)
        Attributes.add(message, kind: avp, root: "a", member: .absent, ScriptValue(1))
        Attributes.add(message, kind: avp, root: "i:5", member: .absent, ScriptValue("five"))
        #expect(Attributes.get(message, kind: avp, root: "a", member: .absent, index: 0)?.number == 1)
        #expect(Attributes.get(message, kind: avp, root: "i:5", member: .absent, index: 0)?.text == "five")
        #expect(Attributes.get(message, kind: avp, root: "b", member: .absent, index: 0) == nil)
        Attributes.add(message, kind: xavp, root: "r", member: "m", ScriptValue("one"))
        Attributes.add(message, kind: xavp, root: "r", member: "m", ScriptValue("two"))
        Attributes.set(message, kind: xavp, root: "r", member: "n", index: 0, ScriptValue(3))
        Attributes.set(message, kind: xavp, root: "r[0]", member: "m", index: 1, ScriptValue("1"))
        bench.check([("$xavp(r=>m) $xavp(r=>m[1]) $xavp(r=>n) $cnt($xavp(r))", "two 1 3 1")])
        #expect(Attributes.count(message, kind: xavp, root: "r", member: "m") == 2)
        #expect(Attributes.name(message, kind: xavp, root: .absent, index: 0) == "r")
        #expect(Attributes.name(message, kind: xavp, root: "r", index: 0) == "n")
        #expect(Attributes.name(message, kind: xavp, root: "r", index: 9).isAbsent)
        #expect(Attributes.name(message, kind: avp, root: .absent, index: 0) == "i:5")
        #expect(!Attributes.set(message, kind: xavp, root: "r", member: "m", index: 7, ScriptValue(0)))
        #expect(Attributes.remove(message, kind: xavp, root: "r", member: "m", index: .max))
        #expect(!Attributes.remove(message, kind: xavp, root: "r", member: "m", index: 0))
        #expect(Attributes.remove(message, kind: avp, root: "a", member: .absent, index: 0))
        bench.check([("$avp(a) $avp(i:5)", "<null> five")])
        Attributes.flags(message, root: "i:5")?.pointee |= 1 << 4
        #expect(Attributes.flags(message, root: "i:5")?.pointee == 16)
        #expect(Attributes.flags(message, root: "a") == nil)
    }

    @Test func `messages that share attributes see each other's changes`() throws {
        let bench = try Bench()
        let other = bench.pool.take()
        bench.set("$avp(x)", "from the request")
        Attributes.add(other, kind: UInt32(MT_A_AVP), root: "own", member: .absent, ScriptValue(1))
        Attributes.share(with: other, from: bench.message)
        bench.context.pointee.message = other
        bench.check([("$avp(x) $avp(own)", "from the request <null>"), ("!$avp(y) = \"from the reply\"", "")])
        bench.context.pointee.message = bench.message
        bench.check([("$avp(y)", "from the reply")])
        other.release()
        bench.check([("$avp(x) $avp(y)", "from the request from the reply")])
    }

    @Test func `what was read stays when it is removed, and the pool gets everything back`() throws {
        let bench = try Bench()
        let values = WorkerValues.of(worker: UInt32(bench.worker))
        let long = String(repeating: "long ", count: 1000)
        for _ in 0..<3 {
            let message = bench.pool.take()
            bench.context.pointee.message = message
            for round in 0..<200 {
                bench.set("$avp(x)", "value \(round)")
                bench.set("$xavp(r=>m)", Int64(round))
            }
            bench.set("$avp(long)", long)
            let read = bench.value("$avp(x)")
            let readLong = bench.value("$avp(long)")
            bench.clear("$(avp(x)[*])")
            bench.clear("$avp(long)")
            bench.set("$avp(x)", "overwritten")
            #expect(read.text == "value 199")
            #expect(readLong.text.string == long)
            #expect(values.pointee.attributes.live > 400)
            message.release()
            #expect(values.pointee.attributes.live == 0)
        }
        bench.context.pointee.message = bench.message
    }

    @Test func `attributes given back on another thread wait for their worker`() throws {
        let bench = try Bench()
        let message = bench.pool.take()
        bench.context.pointee.message = message
        for round in 0..<50 { bench.set("$avp(x)", Int64(round)) }
        bench.clear("$avp(x)")
        var thread = pthread_t()
        let raw = UnsafeMutableRawPointer(message.opaque)
        pthread_create(
            &thread, nil,
            { raw in
                Message(OpaquePointer(raw!)).release()
                return nil
            }, raw)
        pthread_join(thread, nil)
        let values = WorkerValues.of(worker: UInt32(bench.worker))
        #expect(values.pointee.attributes.live > 50)
        bench.context.pointee.message = bench.message
        bench.set("$avp(y)", 1)
        #expect(values.pointee.attributes.live == 2)
    }
}
