// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Message

/// The core functions that edit the Request-URI: sethost, setuser, prefix, strip ...
///
/// Each answers 1, or -1 when the URI cannot take it, as the script sees it.
public enum RequestURIEditing {
    public static func setURI(_ message: Message, _ uri: Slice) -> Int32 { message.setURI(uri) ? 1 : -1 }
    public static func setHost(_ message: Message, _ host: Slice) -> Int32 { -1 }
    /// The old port goes unless the text brings one.
    public static func setHostPort(_ message: Message, _ hostPort: Slice) -> Int32 { -1 }
    public static func setHostPortTransport(_ message: Message, _ text: Slice) -> Int32 { -1 }
    public static func setUser(_ message: Message, _ user: Slice) -> Int32 { -1 }
    public static func setUserPassword(_ message: Message, _ userPassword: Slice) -> Int32 { -1 }
    public static func setPort(_ message: Message, _ port: Slice) -> Int32 { -1 }
    public static func prefix(_ message: Message, _ text: Slice) -> Int32 { -1 }
    public static func strip(_ message: Message, _ count: Int) -> Int32 { -1 }
    public static func stripTail(_ message: Message, _ count: Int) -> Int32 { -1 }
    public static func userPhone(_ message: Message) -> Int32 { -1 }
    public static func revert(_ message: Message) -> Int32 { -1 }
}
