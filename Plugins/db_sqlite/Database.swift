// SPDX-License-Identifier: Apache-2.0
import CMartlet
import CSQLite
import Db_sqliteLogic
import Glibc
import PluginKit

/// How a file is used.
struct DatabaseSettings: Sendable {
    var isReadOnly = false
    var journalMode = "WAL"
    var synchronous = "FULL"
    /// In milliseconds.
    var busyTimeout = 2000
    var versionTable = "version"
}

/// One database file, with a thread of its own.
///
/// What is asked for meanwhile is done together: one transaction, one wait for the disk, and then all of them hear of
/// it. So the more there is to do, the less each costs. Nobody waits for the file but this thread; only `load`,
/// before traffic, does its work where it is called.
final class Database: @unchecked Sendable {
    let path: String
    let settings: DatabaseSettings
    private(set) var tables: [OpenTable] = []
    private let queue = JobQueue()
    private var thread = pthread_t()
    private var isRunning = false

    /// Holds the rest together: the thread's, and that of `load`.
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var connection: Connection?
    private var trouble = Trouble()
    private var mailboxes: [UInt32: Mailbox] = [:]
    private var lastTry: UInt64 = 0
    private var lastLook: UInt64 = 0

    init(_ path: String, _ settings: DatabaseSettings) {
        self.path = path
        self.settings = settings
        pthread_mutex_init(lock, nil)
    }

    /// [main], before `start`.
    func add(_ layout: TableLayout) -> OpenTable {
        if let known = tables.first(where: { $0.layout == layout }) { return known }
        let table = OpenTable(layout, in: self)
        tables.append(table)
        return table
    }

    /// Opens the file, and starts the thread; that the file cannot be opened is for its users to judge.
    func start() -> Bool {
        locked { _ = isOpen() }
        let held = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { raw in
                guard let raw else { return nil }
                Unmanaged<Database>.fromOpaque(raw).takeRetainedValue().run()
                return nil
            }, held.toOpaque())
        if code != 0 { held.release() }
        isRunning = code == 0
        return isRunning
    }

    /// What has been asked for is done first.
    func stop() {
        guard isRunning else { return }
        queue.end()
        pthread_join(thread, nil)
        locked { connection = nil }
    }

    func ask(_ job: Job) { queue.put(job) }

    private func locked<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }

    // MARK: - the thread

    private func run() {
        while let jobs = queue.take(atMost: 2000, milliseconds: locked { trouble.now == nil } ? 0 : 1000) {
            let done = locked { perform(jobs) }
            deliver(done)
        }
    }

    private func perform(_ jobs: [Job]) -> [Job] {
        var jobs = jobs
        guard isOpen(), let connection else { return jobs }
        // Nothing to do: that is how it is found out whether a trouble has passed.
        let writes = !settings.isReadOnly && (jobs.contains(where: \.writes) || jobs.isEmpty)
        do throws(SQLiteFailure) {
            if writes { try connection.run("BEGIN IMMEDIATE") }
            for index in jobs.indices { try perform(&jobs[index], on: connection) }
            if writes { try connection.run("COMMIT") }
            if trouble.passed() { Host.log(.warning, "\(path) works again") }
        } catch {
            if connection.isInTransaction { _ = try? connection.run("ROLLBACK") }  // It is over either way.
            for index in jobs.indices where jobs[index].writes { jobs[index].result = mt_result(MT_ERROR) }
            met(error)
        }
        return jobs
    }

    /// Throws what concerns the whole database; what is wrong with one job is that job's answer.
    private func perform(_ job: inout Job, on connection: Connection) throws(SQLiteFailure) {
        guard job.table.refusal == nil else { return }
        do throws(SQLiteFailure) {
            try connection.perform(&job)
            job.result = mt_result(MT_OK)
        } catch {
            switch error.code & 0xff {
            case SQLITE_ERROR, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_TOOBIG, SQLITE_RANGE, SQLITE_MISUSE,
                SQLITE_SCHEMA:
                Host.log(.error, "\(path), table \(job.table.layout.name): \(error.text)")
            default: throw error
            }
        }
    }

    private func deliver(_ jobs: [Job]) {
        var perWorker: [UInt32: [Job]] = [:]
        for job in jobs {
            job.values.free()
            if job.done != nil || !job.rows.isEmpty { perWorker[job.worker, default: []].append(job) }
        }
        for (worker, jobs) in perWorker { mailbox(worker).send(jobs) }
    }

    /// [thread] Made when it is needed first.
    private func mailbox(_ worker: UInt32) -> Mailbox {
        if let known = mailboxes[worker] { return known }
        let new = Mailbox(worker: worker)
        mailboxes[worker] = new
        return new
    }

    // MARK: - the file

    /// Opens it when it is not, at most once a second; and again when another file lies there now.
    private func isOpen() -> Bool {
        let now = Loop.ticks
        if let open = connection {
            if now &- lastLook > 1_000_000_000 {
                lastLook = now
                if let identity = open.identity, FileIdentity(path) != identity {
                    Host.log(.warning, "\(path) is another file now: it is opened anew")
                    connection = nil
                }
            }
            if connection != nil { return true }
        }
        guard lastTry == 0 || now &- lastTry > 1_000_000_000 else { return false }
        lastTry = now
        do throws(SQLiteFailure) {
            let fresh = try Connection(path, settings)
            for table in tables {
                try table.prepare(on: fresh, settings)
                if let refusal = table.refusal { Host.log(.error, "\(path): \(refusal.what)") }
            }
            connection = fresh
            lastLook = now
            if trouble.passed() { Host.log(.warning, "\(path) works again") }
            return true
        } catch {
            met(error)
            return false
        }
    }

    private func met(_ failure: SQLiteFailure) {
        let kind = Trouble.Kind(failure.code)
        if kind.needsReopening { connection = nil }
        if trouble.met(kind) { Host.log(.error, kind.words(path, failure.text)) }
    }

    // MARK: - before traffic

    /// Calls the closure for each row. Nil when it went well, else why not.
    func load(
        _ table: OpenTable, _ conditions: [Statement.Condition], _ values: PackedValues,
        _ row: (UnsafePointer<mt_value>) -> Bool
    ) -> (what: String, help: String)? {
        locked {
            guard isOpen(), let connection else {
                return (
                    "the database \(path) cannot be opened",
                    "see the line above: path, rights, what the file is"
                )
            }
            if let refusal = table.refusal { return refusal }
            do throws(SQLiteFailure) {
                try connection.visit(table.layout, conditions, values, row)
                return nil
            } catch {
                met(error)
                return (
                    "the table \(table.layout.name) cannot be read: \(error.text)",
                    "see what is wrong with \(path)"
                )
            }
        }
    }
}
