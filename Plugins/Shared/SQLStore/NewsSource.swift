// SPDX-License-Identifier: Apache-2.0
import SQLLogic

/// A connection by which a database tells of what other servers have written. For one thread.
public protocol NewsConnection: AnyObject {
    /// Sleeps until something comes, or `bell` can be read; answers what came. Now and then it finds out whether the
    /// database is still there.
    func news(bell: Int32) throws(SQLFailure) -> [String]
}

/// How a database that can tell of what is written does it, and who counts.
public struct NewsSource {
    /// Opens a connection that hears of everything from then on. Nil: others are told, and nobody listens here.
    public let open: (() throws(SQLFailure) -> any NewsConnection)?
    /// So many times others were told.
    public let told: (Int) -> Void
    /// Others have told us.
    public let heard: (Int) -> Void
    /// A connection more that listens, or one less.
    public let listening: (Int) -> Void

    public init(
        told: @escaping (Int) -> Void, heard: @escaping (Int) -> Void, listening: @escaping (Int) -> Void,
        open: (() throws(SQLFailure) -> any NewsConnection)?
    ) {
        self.told = told
        self.heard = heard
        self.listening = listening
        self.open = open
    }
}
