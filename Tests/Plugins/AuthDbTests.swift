// SPDX-License-Identifier: Apache-2.0
import Auth_dbLogic
import Testing

@Suite struct LoadListTests {
    @Test func `columns go into variables of their name, or of another`() throws {
        let list = try #require(LoadList(" rpid ; $avp(mail) = email_address;; $xavp(a=>b)=c"))
        #expect(
            list.items == [
                .init(column: "rpid", variable: "$avp(rpid)"),
                .init(column: "email_address", variable: "$avp(mail)"),
                .init(column: "c", variable: "$xavp(a=>b)"),
            ])
        #expect(try #require(LoadList("")).items.isEmpty)
    }

    @Test(arguments: ["$avp(x)", "$avp(x)=", "a b", "$=a", "x;y z", "a'b"])
    func `what is no list is none`(text: String) { #expect(LoadList(text) == nil) }

    @Test func `columns are named once`() throws {
        let list = try #require(LoadList("rpid;password"))
        let columns = Columns(
            user: "username", domain: "realm", password: "secret", otherPassword: "ha1b", load: list)
        #expect(columns.names == ["id", "username", "realm", "password", "ha1", "ha1b", "secret", "rpid"])
        #expect(columns.password == 6 && columns.otherPassword == 5 && columns.loaded == [7, 3])
    }
}
