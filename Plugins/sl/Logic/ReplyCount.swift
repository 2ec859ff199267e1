// SPDX-License-Identifier: Apache-2.0

/// The statistics of the group sl: which one a reply is counted under.
///
/// A code with a counter of its own is not counted again under its class: "4xx_replies" means the others.
public enum ReplyCount {
    /// In the order in which the plugin declares its counters.
    public static let names: [StaticString] = [
        "1xx_replies", "200_replies", "202_replies", "2xx_replies", "300_replies", "301_replies",
        "302_replies",
        "3xx_replies", "400_replies", "401_replies", "403_replies", "404_replies", "407_replies",
        "408_replies",
        "483_replies", "4xx_replies", "500_replies", "5xx_replies", "6xx_replies", "xxx_replies",
    ]

    public static var count: Int { 20 }

    /// The position in `names`.
    public static func index(of status: Int) -> Int {
        switch status {
        case 100..<200: 0
        case 200: 1
        case 202: 2
        case 201..<300: 3
        case 300: 4
        case 301: 5
        case 302: 6
        case 303..<400: 7
        case 400: 8
        case 401: 9
        case 403: 10
        case 404: 11
        case 407: 12
        case 408: 13
        case 483: 14
        case 402..<500: 15
        case 500: 16
        case 501..<600: 17
        case 600..<700: 18
        default: 19
        }
    }
}
