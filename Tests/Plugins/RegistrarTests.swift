// SPDX-License-Identifier: Apache-2.0
import PluginKit
import RegistrarLogic
import Testing

private func key(
    _ user: StaticString, _ host: StaticString = "Example.COM",
    _ change: (inout AddressOfRecord) -> Void = { _ in }
) -> String? {
    var address = AddressOfRecord()
    change(&address)
    var bytes = [UInt8](repeating: 0, count: 512)
    do throws(AddressOfRecord.Fault) {
        var failure: AddressOfRecord.Fault?
        let count = bytes.withUnsafeMutableBufferPointer { room -> Int in
            do throws(AddressOfRecord.Fault) {
                return try address.write(user: Text(user), host: Text(host), into: room)
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        return String(decoding: bytes.prefix(count), as: UTF8.self)
    } catch {
        return "\(error)"
    }
}

@Suite struct AddressOfRecordTests {
    @Test func `case and escapes do not count`() {
        #expect(key("Bob") == "bob")
        #expect(key("b%6Fb") == "bob")
        #expect(key("Bob") { $0.isCaseSensitive = true } == "Bob")
    }

    @Test func `the domain counts when it is told to, without its prefix`() {
        #expect(key("bob") { $0.usesDomain = true } == "bob@example.com")
        #expect(
            key("bob", "sip.example.com") {
                $0.usesDomain = true
                $0.realmPrefix = "sip."
            } == "bob@example.com")
    }

    @Test func `a host without a user is somebody too`() {
        #expect(key("") == "example.com")
        #expect(key("") { $0.usesDomain = true } == "example.com")
    }

    @Test func `a broken escape is malformed`() {
        #expect(key("b%zz") == "malformed")
        #expect(key("b%4") == "malformed")
    }
}

@Suite struct ExpiryTests {
    private func verdict(
        _ parameter: Int?, _ header: Int? = nil, random: Double? = nil,
        _ change: (inout Expiry) -> Void = { _ in }
    ) -> Expiry.Verdict {
        var expiry = Expiry()
        change(&expiry)
        return expiry.verdict(parameter: parameter, header: header, random: random)
    }

    @Test func `the parameter goes before the header, and the header before the default`() {
        #expect(verdict(120, 240) == .seconds(120))
        #expect(verdict(nil, 240) == .seconds(240))
        #expect(verdict(nil) == .seconds(3600))
    }

    @Test func `zero takes the contact away`() {
        #expect(verdict(0, 240) == .gone)
        #expect(verdict(nil, 0) == .gone)
        #expect(verdict(0) { $0.refusesBrief = true } == .gone)
    }

    @Test func `too short is raised, or refused`() {
        #expect(verdict(10) == .seconds(60))
        #expect(verdict(10) { $0.refusesBrief = true } == .tooBrief(least: 60))
        #expect(verdict(60) { $0.refusesBrief = true } == .seconds(60))
    }

    @Test func `too long is lowered, when there is a limit`() {
        #expect(verdict(86_400) == .seconds(86_400))
        #expect(verdict(86_400) { $0.most = 3600 } == .seconds(3600))
    }

    @Test func `a range shortens, and never below the least`() {
        #expect(verdict(1000, random: 0.5) { $0.range = 20 } == .seconds(900))
        #expect(verdict(1000, random: 0.5) == .seconds(1000))
        #expect(verdict(1000) { $0.range = 20 } == .seconds(1000))
        #expect(verdict(nil, random: 0.99) { $0.fallbackRange = 100 } == .seconds(60))
    }
}

@Suite struct ContactParameterTests {
    @Test func `those that a registrar looks at are found, whatever stands between them`() {
        let found = ContactParameters(
            Text(
                ";x=\"a;q=0.1;\\\";expires=1\";Q = 0.5;;methods=\"INVITE, BYE\";+SIP.instance=\"<urn:uuid:1>\";reg-id=2; expires=60"
            ))
        #expect(String(Text(unchecked: found.q)) == "0.5")
        #expect(String(Text(unchecked: found.methods)) == "INVITE, BYE")
        #expect(String(Text(unchecked: found.instance)) == "<urn:uuid:1>")
        #expect(String(Text(unchecked: found.regID)) == "2")
        #expect(String(Text(unchecked: found.expires)) == "60")
    }

    @Test func `one that is not there is absent, one without a value is empty, and the first counts`() {
        let found = ContactParameters(Text(";expires;q=1;q=0"))
        #expect(found.methods.ptr == nil)
        #expect(found.expires.ptr != nil && found.expires.len == 0)
        #expect(String(Text(unchecked: found.q)) == "1")
    }
}

@Suite struct QualityTests {
    @Test func `q has up to three digits behind its point`() {
        #expect(Quality.thousandths(Text("1")) == 1000)
        #expect(Quality.thousandths(Text("0.5")) == 500)
        #expect(Quality.thousandths(Text("0.125")) == 125)
        #expect(Quality.thousandths(Text("1.000")) == 1000)
        #expect(Quality.thousandths(Text("0.")) == 0)
        #expect(Quality.thousandths(Text(".7")) == 700)
    }

    @Test func `what is no q is none`() {
        for text: StaticString in ["", "1.001", "2", "-1", "0.x", "x", "1.1"] {
            #expect(Quality.thousandths(Text(text)) == nil, "\(text)")
        }
    }

    @Test func `q is written as short as it goes`() {
        #expect([1000, 500, 120, 125, 0].map { Quality.text($0) } == ["1", "0.5", "0.12", "0.125", "0"])
    }
}

@Suite struct MethodsTests {
    @Test func `a list of methods is a set of bits`() {
        #expect(Methods.mask(Text("INVITE, ACK,BYE")) == 0b1101)
        #expect(Methods.mask(Text("FOO")) == Methods.other)
        #expect(Methods.mask(Text("")) == 0)
    }

    @Test func `option tags are found whatever their case`() {
        #expect(OptionTags(Text("Path, gruu ,outbound,x")) == [.path, .gruu, .outbound])
        #expect(OptionTags(Text("pathology")) == [])
    }
}

@Suite struct OutboundRulesTests {
    private func outcome(
        _ change: (inout OutboundRules, inout OutboundRules.Facts) -> Void
    ) -> String {
        var rules = OutboundRules()
        rules.usesPath = true
        var facts = OutboundRules.Facts()
        change(&rules, &facts)
        do throws(Refusal) {
            return try rules.usesRegID(facts) ? "reg-id" : "plain"
        } catch {
            return "\(error.status)"
        }
    }

    @Test func `whoever requires outbound where there is none is refused`() {
        #expect(outcome { $1.required = .outbound } == "420")
    }

    @Test func `whoever lacks outbound where it is required is refused`() {
        #expect(outcome { rules, _ in rules.mode = .required } == "421")
        #expect(
            outcome {
                $0.mode = .required
                $1.supported = .outbound
            } == "plain")
    }

    @Test func `a Path has to be supported, unless that is no matter`() {
        #expect(outcome { $1.hasPath = true } == "420")
        #expect(
            outcome {
                $0.pathMode = .lazy
                $1.hasPath = true
            } == "plain")
        #expect(
            outcome {
                $1.hasPath = true
                $1.supported = .path
            } == "plain")
    }

    @Test func `a flow counts when every hop keeps it`() {
        func flow(via: Int, ob: Bool, speaks: Bool = true, trusts: Bool = false) -> String {
            outcome {
                $0.mode = .supported
                $0.trustsRegID = trusts
                $1.supported = speaks ? [.outbound, .path] : .path
                $1.hasRegID = true
                $1.viaCount = via
                $1.hasPath = via > 1
                $1.pathHasOB = ob
            }
        }
        #expect(flow(via: 1, ob: false) == "reg-id")
        #expect(flow(via: 2, ob: true) == "reg-id")
        #expect(flow(via: 2, ob: false) == "439")
        #expect(flow(via: 2, ob: false, speaks: false) == "plain")
        #expect(flow(via: 2, ob: false, trusts: true) == "reg-id")
    }

    @Test func `a 200 says what it has to`() {
        var rules = OutboundRules()
        var facts = OutboundRules.Facts()
        rules.flowTimer = 90
        #expect(rules.answer(facts) == (false, false, 0))
        rules.mode = .supported
        #expect(rules.answer(facts) == (true, false, 0))
        facts.supported = .outbound
        #expect(rules.answer(facts) == (true, true, 90))
        rules.mode = .required
        facts.supported = []
        #expect(rules.answer(facts) == (true, true, 90))
    }
}

@Suite struct GRUUTests {
    @Test func `a hash is written lowest digit first, and read again`() {
        #expect(GRUU.digits(0x1a2b) == "b2a1")
        #expect(GRUU.digits(0) == "0")
        let user = "uloc-6b00d92b-4b31-1-b2a1"
        let found = user.withRaw { GRUU.temporary(Text(unchecked: $0)) }
        #expect(found?.length == 20 && found?.hash == 0x1a2b)
        #expect(GRUU.temporary(Text("bob")) == nil)
        #expect(GRUU.temporary(Text("a-zz")) == nil)
    }
}
