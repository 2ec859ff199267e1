// SPDX-License-Identifier: Apache-2.0

/// What stands behind `@tls.` in a select: `version`, `cipher.bits`, `peer.subject.cn`. Names may be written as one word,
/// with underscores or with capitals: `notBefore` is `not_before`. nil: nothing that there is.
public enum TLSSelect: Equatable, Sendable {
    case version, description, cipher, cipherBits, serverName
    case certificate(Side, Part)

    /// Whose certificate.
    public enum Side: Sendable { case peer, own }

    /// One kind of the parts of a name (RFC 5280, 4.1.2.4).
    public enum Component: Sendable {
        case commonName, locality, country, state, organization, unit, userID
    }

    /// What a certificate can be asked. The component of a name is nil for all of it.
    public enum Part: Equatable, Sendable {
        case version, serial, notBefore, notAfter
        case subject(Component?)
        case issuer(Component?)
        /// The first alternative name of that kind.
        case email, host, uri, address
        case verified, revoked, expired, selfSigned
        /// PEM, as it is or escaped as in a URL.
        case raw, escaped
    }

    public init?(_ text: String) {
        var words = text.split(separator: ".", omittingEmptySubsequences: false).map(Self.plain)[...]
        switch words.popFirst() {
        case "version": self = .version
        case "desc", "description": self = .description
        case "servername": self = .serverName
        case "cipher" where words.isEmpty: self = .cipher
        case "cipher" where words == ["bits"]:
            self = .cipherBits
            words = []
        case "peer":
            guard let part = Part(&words) else { return nil }
            self = .certificate(.peer, part)
        case "my", "me", "myself":
            guard let part = Part(&words) else { return nil }
            self = .certificate(.own, part)
        default: return nil
        }
        guard words.isEmpty else { return nil }
    }

    fileprivate static func plain(_ word: Substring) -> String {
        word.lowercased().filter { $0 != "_" }
    }
}

extension TLSSelect.Part {
    fileprivate init?(_ words: inout ArraySlice<String>) {
        switch words.popFirst() {
        case "version": self = .version
        case "sn", "serialnumber": self = .serial
        case "notbefore": self = .notBefore
        case "notafter": self = .notAfter
        case "subj", "subject":
            guard let component = TLSSelect.Component.read(&words) else { return nil }
            self = .subject(component)
        case "issuer":
            guard let component = TLSSelect.Component.read(&words) else { return nil }
            self = .issuer(component)
        case "email", "emailaddress": self = .email
        case "host", "hostname", "dns": self = .host
        case "uri", "url", "urn": self = .uri
        case "ip", "ipaddress": self = .address
        case "verified": self = .verified
        case "revoked": self = .revoked
        case "expired": self = .expired
        case "selfsigned", "self": self = .selfSigned
        case "rawcert": self = .raw
        case "urlencodedcert": self = .escaped
        default: return nil
        }
    }
}

extension TLSSelect.Component {
    /// nil: a word that is none; a component that is nil: there is no word.
    fileprivate static func read(_ words: inout ArraySlice<String>) -> Self?? {
        switch words.popFirst() {
        case nil: .some(nil)
        case "cn", "commonname", "name": .commonName
        case "l", "locality", "localityname": .locality
        case "c", "country", "countryname": .country
        case "st", "state", "stateorprovincename": .state
        case "o", "organization", "organizationname": .organization
        case "ou", "unit", "organizationalunitname": .unit
        case "uid", "uniqueidentifier": .userID
        default: nil
        }
    }
}
