// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Glibc
import PluginKit
import SQLLogic

/// One connection to a database, with a thread of its own and the tables that are asked through it.
///
/// What is asked for meanwhile is done together: one transaction, one wait for the disk, and then all of them hear of
/// it. So the more there is to do, the less each costs. Nobody waits for the database but this thread; only `load`,
/// before traffic, does its work where it is called.
final class Lane: @unchecked Sendable {
    let database: Database
    private let number: Int
    private(set) var tables: [OpenTable] = []
    private let queue = JobQueue()
    private let thread = StoreThread()

    /// Holds the rest together: the thread's, and that of `load`.
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var connection: (any StoreConnection)?
    private var isTroubled = false
    private var mailboxes: [UInt32: Mailbox] = [:]
    private var lastTry: UInt64 = 0
    private var lastLook: UInt64 = 0

    init(_ number: Int, of database: Database) {
        self.number = number
        self.database = database
        pthread_mutex_init(lock, nil)
    }

    /// [main], before `start`.
    func add(_ layout: TableLayout) -> OpenTable {
        let table = OpenTable(layout, in: self, database.dialect)
        tables.append(table)
        return table
    }

    /// Opens the database, and starts the thread; that it cannot be opened is for its users to judge.
    func start() -> Bool {
        locked { _ = isOpen() }
        return thread.start { [self] in run() }
    }

    /// What has been asked for is done first.
    func stop() {
        guard thread.isRunning else { return }
        queue.end()
        thread.join()
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
        while let jobs = queue.take(atMost: 2000, milliseconds: locked { isTroubled } ? 1000 : 0) {
            let done = locked { perform(jobs) }
            deliver(done)
            tell(done)
        }
    }

    private func perform(_ jobs: [Job]) -> [Job] {
        var jobs = jobs
        // A connection may have ended unnoticed: then it is tried once more with a new one.
        for attempt in 0...3 {
            guard isOpen(), let connection else { return jobs }
            var hasCommitted = false
            do throws(SQLFailure) {
                try performAll(&jobs, on: connection, &hasCommitted)
                passed()
                return jobs
            } catch {
                connection.rollback()
                for index in jobs.indices { jobs[index].fail(alsoReading: !hasCommitted) }
                // What may have been committed is not done twice. Two servers that were in each other's way, which a
                // database server settles by undoing one of them, will not be so again and again.
                if error.trouble == .locked, database.isServer, !hasCommitted, attempt < 3 { continue }
                let isOver = (error.trouble ?? .other(0)).needsReopening
                guard isOver, attempt == 0, !hasCommitted, database.isServer else {
                    met(error)
                    return jobs
                }
                // That there can be no new one is told when it is tried.
                self.connection = nil
                lastTry = 0
            }
        }
        return jobs
    }

    private func performAll(
        _ jobs: inout [Job], on connection: any StoreConnection, _ hasCommitted: inout Bool
    ) throws(SQLFailure) {
        let writes = !database.settings.isReadOnly && jobs.contains(where: \.writes)
        // Nothing to do: that is how it is found out whether a trouble has passed.
        if jobs.isEmpty {
            if !database.settings.isReadOnly { try connection.begin() }
            return connection.rollback()
        }
        guard writes, jobs.count > 1 || !database.isServer else {
            for index in jobs.indices { _ = try perform(&jobs[index], on: connection) }
            return
        }
        try connection.begin()
        var isWhole = true
        let standsAlone = connection.dialect == .postgres
        for index in jobs.indices where isWhole {
            isWhole = try perform(&jobs[index], on: connection, tells: !standsAlone) || !standsAlone
        }
        if isWhole {
            hasCommitted = true
            return try connection.commit()
        }
        // One that fails takes the whole transaction with it here: so each has to stand on its own, and says then why
        // it cannot.
        connection.rollback()
        for index in jobs.indices {
            jobs[index].fail(alsoReading: true)
            _ = try perform(&jobs[index], on: connection)
            hasCommitted = true
        }
    }

    /// Throws what concerns the whole database; what is wrong with one job is that job's answer: false.
    private func perform(
        _ job: inout Job, on connection: any StoreConnection, tells: Bool = true
    ) throws(SQLFailure) -> Bool {
        guard job.table.refusal == nil else { return true }
        do throws(SQLFailure) {
            try connection.perform(&job)
            job.result = mt_result(MT_OK)
            return true
        } catch {
            guard error.trouble == nil else { throw error }
            job.fail(alsoReading: true)
            guard tells else { return false }
            if error.isOfRow, job.puts {
                refuse(&job, error, on: connection)
            } else {
                Host.log(.error, "\(database.shown), table \(job.table.layout.name): \(error.text)")
            }
            return false
        }
    }

    private func refuse(_ job: inout Job, _ error: SQLFailure, on connection: any StoreConnection) {
        job.refuse()
        database.refused()
        guard job.table.isNews(job.identity) else { return }
        let columns = connection.tooLong(job)
        let place = columns.isEmpty ? "" : " (\(columns.joined(separator: ", ")))"
        Host.log(
            .error,
            "\(database.shown), table \(job.table.layout.name): a row is in memory only: \(error.text)\(place)"
        )
    }

    private func deliver(_ jobs: [Job]) {
        var perWorker: [UInt32: [Job]] = [:]
        for job in jobs {
            job.values.free()
            if job.done != nil || !job.rows.isEmpty { perWorker[job.worker, default: []].append(job) }
        }
        for (worker, jobs) in perWorker { mailbox(worker).send(jobs) }
    }

    /// Other servers hear which of the watched tables were written to: once for all that was done together, and after
    /// those who wait for an answer here. It is not said twice, for they look by themselves now and then.
    private func tell(_ jobs: [Job]) {
        guard let listener = database.listener else { return }
        var tables: [OpenTable] = []
        for job in jobs where job.hasWritten && job.table.isWatched.load(ordering: .relaxed) {
            if !tables.contains(where: { $0 === job.table }) { tables.append(job.table) }
        }
        guard !tables.isEmpty else { return }
        locked {
            guard let connection else { return }
            do throws(SQLFailure) {
                for table in tables { try connection.tell(listener.news(of: table)) }
                listener.source.told(tables.count)
            } catch {
                met(error)
            }
        }
    }

    private func mailbox(_ worker: UInt32) -> Mailbox {
        if let known = mailboxes[worker] { return known }
        let made = Mailbox(worker: worker)
        mailboxes[worker] = made
        return made
    }

    // MARK: - the connection

    /// Opens it when it is not, at most once a second; and again when the database says so.
    private func isOpen() -> Bool {
        let now = Loop.ticks
        if let open = connection {
            if now &- lastLook > 1_000_000_000 {
                lastLook = now
                if let why = open.staleness {
                    Host.log(.warning, "\(database.shown) \(why): it is opened anew")
                    connection = nil
                }
            }
            if connection != nil { return true }
        }
        guard lastTry == 0 || now &- lastTry > 1_000_000_000 else { return false }
        lastTry = now
        do throws(SQLFailure) {
            let fresh = try database.open()
            try fresh.prepare(tables, database.settings)
            for table in tables {
                if let refusal = table.refusal { Host.log(.error, "\(database.shown): \(refusal.what)") }
            }
            connection = fresh
            lastLook = now
            passed()
            return true
        } catch {
            met(error)
            return false
        }
    }

    private func passed() {
        isTroubled = false
        if database.wellbeing.passed(number) { Host.log(.warning, "\(database.shown) works again") }
    }

    private func met(_ failure: SQLFailure) {
        let kind = failure.trouble ?? .other(0)
        if kind.needsReopening { connection = nil }
        isTroubled = true
        if database.wellbeing.met(kind, number) {
            Host.log(.error, kind.words(database.shown, failure.text))
        }
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
                    "the database \(database.shown) cannot be opened",
                    database.isServer
                        ? "see the line above: is it running, and are user and password right?"
                        : "see the line above: path, rights, what the file is"
                )
            }
            if let refusal = table.refusal { return refusal }
            do throws(SQLFailure) {
                try connection.visit(table.layout, conditions, values, row)
                return nil
            } catch {
                met(error)
                return (
                    "the table \(table.layout.name) cannot be read: \(error.text)",
                    "see what is wrong with \(database.shown)"
                )
            }
        }
    }
}
