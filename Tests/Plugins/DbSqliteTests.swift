// SPDX-License-Identifier: Apache-2.0
import CMartlet
import Db_sqliteLogic
import SQLLogic
import Testing

private typealias Column = TableLayout.Column

private let people = TableLayout(
    "people", revision: 3,
    [
        Column("id", .number, isSerial: true),
        Column("name", .text, isKey: true, length: 64, fallback: ""),
        Column("age", .number),
        Column("born", .time, fallback: "2000-01-01 00:00:01"),
        Column("weight", .decimal, fallback: "1.0"),
    ], indexes: [TableLayout.Index(["age", "born"])])

private let log = TableLayout("log", revision: 1, isVersioned: false, [Column("line", .text)])

private func plan(
    _ columns: [String]?, of layout: TableLayout = people, version: Int? = nil, isReadOnly: Bool = false
) -> Migration {
    Migration.plan(
        layout, columns: columns, version: version, versionTable: "version", isReadOnly: isReadOnly)
}

private func statements(_ migration: Migration) -> [String] {
    if case .statements(let sql) = migration { sql } else { ["\(migration)"] }
}

@Suite struct StatementTests {
    @Test func `a row is found by its key, and what others keep in it stays`() {
        #expect(
            Statement.put(people) == """
                INSERT INTO "people" ("name", "age", "born", "weight") VALUES (?, ?, ?, ?) \
                ON CONFLICT ("name") DO UPDATE SET "age" = excluded."age", "born" = excluded."born", \
                "weight" = excluded."weight"
                """)
    }

    @Test func `without a key each row is a new one`() {
        #expect(Statement.put(log) == #"INSERT INTO "log" ("line") VALUES (?)"#)
    }

    @Test func `conditions are joined, and nothing is compared with nothing`() {
        let conditions = [
            Statement.Condition(column: 2, comparison: UInt32(MT_GE), isNull: false),
            Statement.Condition(column: 1, comparison: UInt32(MT_EQ), isNull: true),
        ]
        #expect(
            Statement.erase(people, conditions)
                == #"DELETE FROM "people" WHERE "age" >= ? AND "name" IS NULL"#)
        #expect(Statement.count(people, []) == #"SELECT COUNT(*) FROM "people""#)
        #expect(
            Statement.count(people, distinct: 2, []) == #"SELECT COUNT(DISTINCT "age") FROM "people""#)
        #expect(Statement.count(people, distinct: 9, []) == nil)
    }

    @Test func `a column or a comparison that does not exist makes no statement`() {
        #expect(
            Statement.find(people, [.init(column: 9, comparison: UInt32(MT_EQ), isNull: false)]) == nil)
        #expect(Statement.find(people, [.init(column: 1, comparison: 77, isNull: false)]) == nil)
        #expect(Statement.find(people, [.init(column: 1, comparison: UInt32(MT_LT), isNull: true)]) == nil)
    }

    @Test func `a name cannot end its quotes`() {
        #expect(Dialect.sqlite.quoted(#"a"b"#) == #""a""b""#)
    }
}

@Suite struct MigrationTests {
    private let all = ["id", "name", "age", "born", "weight"]

    @Test func `a missing table is made, with its indexes and its version`() {
        let sql = statements(plan(nil))
        #expect(sql.count == 6)
        #expect(
            sql[0] == """
                CREATE TABLE "people" ("id" INTEGER PRIMARY KEY NOT NULL, "name" VARCHAR(64) NOT NULL DEFAULT '', \
                "age" INTEGER DEFAULT NULL, "born" TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:01', \
                "weight" REAL NOT NULL DEFAULT 1.0)
                """)
        #expect(sql[1] == #"CREATE UNIQUE INDEX IF NOT EXISTS "people_name_idx" ON "people" ("name")"#)
        #expect(sql[5].hasSuffix("VALUES ('people', 3)"))
    }

    @Test func `a table that is as it should be is left alone`() {
        #expect(plan(all, version: 3) == .statements([]))
        #expect(plan(all.map { $0.uppercased() } + ["more"], version: 3) == .statements([]))
        #expect(plan(["line"], of: log) == .statements([]))
    }

    @Test func `an older table gets the columns that it lacks, and its new version`() {
        let sql = statements(plan(["id", "name", "age"], version: 2))
        #expect(
            sql[0]
                == #"ALTER TABLE "people" ADD COLUMN "born" TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:01'"#
        )
        #expect(sql[1] == #"ALTER TABLE "people" ADD COLUMN "weight" REAL NOT NULL DEFAULT 1.0"#)
        #expect(sql.last?.hasSuffix("VALUES ('people', 3)") == true)
    }

    @Test func `a newer table is refused, in words that are known from elsewhere`() {
        guard case .refuse(let what, _) = plan(all, version: 4) else {
            Issue.record("not refused")
            return
        }
        #expect(
            what
                == "invalid version 4 for table people found, expected 3 (check table structure and table \"version\")"
        )
    }

    @Test func `what cannot be written has to be right already`() {
        #expect(plan(all, version: 3, isReadOnly: true) == .statements([]))
        guard case .refuse = plan(nil, isReadOnly: true), case .refuse = plan(["id"], isReadOnly: true) else {
            Issue.record("not refused")
            return
        }
    }
}

@Suite struct DatabaseFileTests {
    @Test func `three slashes are an absolute path, two a relative one`() {
        #expect(DatabaseFile(url: "sqlite:///var/lib/x.db")?.path == "/var/lib/x.db")
        #expect(DatabaseFile(url: "sqlite://x.db")?.path == "x.db")
        #expect(DatabaseFile(url: "sqlite://") == nil)
        #expect(DatabaseFile(url: "mysql://a/b") == nil)
    }

    @Test func `a setting is a path and a word`() {
        #expect(DatabaseFile.setting("/a:b/c.db:WAL")?.path == "/a:b/c.db")
        #expect(DatabaseFile.setting("/a:b/c.db:WAL")?.word == "WAL")
        #expect(DatabaseFile.setting("/a.db") == nil)
    }
}

@Suite struct ColumnNumberTests {
    @Test func `a number comes without its fraction, and a truth value is one`() {
        let numbers = [
            ("-12", -12), ("7.9", 7), ("1e3", 1000), ("t", 1), ("f", 0), ("9223372036854775807", .max),
        ]
        for (text, number) in numbers { #expect(Number.whole(text) == number) }
    }

    @Test func `what is no number, or too great, is none`() {
        for text in ["NaN", "Infinity", "-Infinity", "1e300", "9223372036854775808", "", "x"] {
            #expect(Number.whole(text) == 0)
            #expect(Number.thousandths(text) == nil || text == "9223372036854775808")
        }
        #expect(Number.thousandths("0.7") == 700 && Number.thousandths(-1.0) == -1000)
        #expect(Number.thousandths(.nan) == nil && Number.thousandths(-1e300) == nil)
    }
}

@Suite struct LocalTimeTests {
    @Test func `a time is the same when it comes back`() {
        for seconds in [0, 1, 951_782_400, 1_900_000_000, 1_906_230_735, 4_102_444_800] {
            #expect(LocalTime.seconds(LocalTime.text(seconds)) == seconds)
        }
    }

    @Test func `a date without a time is its first second`() {
        #expect(LocalTime.seconds("2026-11-21") == LocalTime.seconds("2026-11-21 00:00:00"))
        #expect(LocalTime.seconds("2026-11-21 04:32:18.125") == LocalTime.seconds("2026-11-21 04:32:18"))
    }

    @Test func `what is no date is none`() {
        for text in ["", "x", "2026", "2026-13-01", "2026-11-21 99:00:00", "-1-2-3"] {
            #expect(LocalTime.seconds(text) == nil)
        }
    }

    @Test func `what is no time that there can be is none`() {
        #expect(LocalTime.seconds(1_900_000_000) == 1_900_000_000)
        for wrong in [Int.min, Int.max] { #expect(LocalTime.seconds(wrong) == nil) }
        for wrong in [Double.nan, .infinity, -1e300, 1e9] {
            #expect(LocalTime.seconds(julianDay: wrong) == nil)
        }
    }

    @Test func `Julian days are understood`() {
        #expect(LocalTime.seconds(julianDay: 2_440_587.5) == 0)
        #expect(LocalTime.seconds(julianDay: 2_440_588.5) == 86_400)
    }
}

@Suite struct TroubleTests {
    @Test func `each trouble is told once, and its end too`() {
        var trouble = Trouble()
        let told = [
            trouble.passed(), trouble.met(.full), trouble.met(.full), trouble.met(.locked), trouble.passed(),
            trouble.passed(),
        ]
        #expect(told == [false, true, false, true, true, false])
    }

    @Test func `codes of SQLite, extended or not, are kinds of trouble`() {
        #expect(Trouble.Kind(5) == .locked)
        #expect(Trouble.Kind(261) == .locked)
        #expect(Trouble.Kind(13) == .full)
        #expect(Trouble.Kind(26) == .damaged)
        #expect(Trouble.Kind(10) == .other(10))
        #expect(!Trouble.Kind.full.needsReopening && Trouble.Kind.damaged.needsReopening)
    }
}

@Suite struct DialectTests {
    @Test func `each database gets the statement in its own words`() {
        #expect(
            Statement.put(people, .postgres) == """
                INSERT INTO "people" ("name", "age", "born", "weight") VALUES ($1, $2, $3, $4) \
                ON CONFLICT ("name") DO UPDATE SET "age" = excluded."age", "born" = excluded."born", \
                "weight" = excluded."weight"
                """)
        #expect(
            Statement.put(people, .mysql) == """
                INSERT INTO `people` (`name`, `age`, `born`, `weight`) VALUES (?, ?, ?, ?) \
                ON DUPLICATE KEY UPDATE `age` = VALUES(`age`), `born` = VALUES(`born`), \
                `weight` = VALUES(`weight`)
                """)
        let conditions = [
            Statement.Condition(column: 1, comparison: UInt32(MT_EQ), isNull: true),
            Statement.Condition(column: 2, comparison: UInt32(MT_GE), isNull: false),
            Statement.Condition(column: 1, comparison: UInt32(MT_NE), isNull: false),
        ]
        #expect(
            Statement.erase(people, conditions, .postgres)
                == #"DELETE FROM "people" WHERE "name" IS NULL AND "age" >= $1 AND "name" <> $2"#)
        #expect(Dialect.mysql.quoted("a`b") == "`a``b`")
    }

    @Test func `a table has columns without limits, unless an index needs one`() {
        func create(_ dialect: Dialect) -> String? {
            let plan = Migration.plan(
                people, columns: nil, version: nil, versionTable: "version", isReadOnly: false, dialect)
            return statements(plan).first
        }
        #expect(
            create(.postgres) == """
                CREATE TABLE IF NOT EXISTS "people" ("id" BIGSERIAL PRIMARY KEY NOT NULL, \
                "name" TEXT NOT NULL DEFAULT '', "age" BIGINT DEFAULT NULL, \
                "born" TIMESTAMP NOT NULL DEFAULT '2000-01-01 00:00:01', \
                "weight" DOUBLE PRECISION NOT NULL DEFAULT 1.0)
                """)
        #expect(
            create(.mysql) == """
                CREATE TABLE IF NOT EXISTS `people` (`id` BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL, \
                `name` VARCHAR(64) NOT NULL DEFAULT '', `age` BIGINT DEFAULT NULL, \
                `born` DATETIME NOT NULL DEFAULT '2000-01-01 00:00:01', `weight` DOUBLE NOT NULL DEFAULT 1.0) \
                CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
                """)
    }
}

@Suite struct RefusalTests {
    @Test
    func `what is wrong with a row is not what is wrong with a table (SQLSTATE, errors of MySQL and SQLite)`()
    {
        for state in ["22001", "22003", "23505", "54000"] { #expect(Refusal.postgres(state), "\(state)") }
        for state in ["42P01", "42501", "57014", "40001", ""] {
            #expect(!Refusal.postgres(state), "\(state)")
        }
        #expect(Refusal.mysql(1406, "22001") && Refusal.mysql(1062, "23000") && Refusal.mysql(1366, "HY000"))
        #expect(
            !Refusal.mysql(1146, "42S02") && !Refusal.mysql(1142, "42000") && !Refusal.mysql(2013, "HY000"))
        #expect(Refusal.sqlite(18) && Refusal.sqlite(19 | 5 << 8) && Refusal.sqlite(20))
        #expect(!Refusal.sqlite(1) && !Refusal.sqlite(5) && !Refusal.sqlite(13))
    }
}

@Suite struct LongTextTests {
    @Test
    func `a long text that may not be absent gets its default as an expression (MySQL 8.0.13, error 1101)`() {
        let notes = TableLayout(
            "notes", revision: 1,
            [
                TableLayout.Column("id", .number, isSerial: true),
                TableLayout.Column("key", .text, isKey: true, length: 64, fallback: ""),
                TableLayout.Column("text", .text, length: 255, fallback: "it's"),
                TableLayout.Column("raw", .bytes, fallback: ""),
            ])
        let plan = Migration.plan(
            notes, columns: nil, version: nil, versionTable: "version", isReadOnly: false, .mysql)
        #expect(
            statements(plan).first == """
                CREATE TABLE IF NOT EXISTS `notes` (`id` BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY NOT NULL, \
                `key` VARCHAR(64) NOT NULL DEFAULT '', `text` TEXT NOT NULL DEFAULT ('it''s'), \
                `raw` BLOB NOT NULL DEFAULT ('')) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
                """)
    }
}

@Suite struct DatabaseURLTests {
    @Test func `it says where, as whom, and what (manual of the database API)`() {
        let url = DatabaseURL("mysql://kamailio:kamailiorw@localhost/kamailio")
        #expect(url?.user == "kamailio" && url?.password == "kamailiorw" && url?.host == "localhost")
        #expect(url?.database == "kamailio" && url?.port == nil && url?.socket == nil)
        let other = DatabaseURL("postgres://u@[2001:db8::1]:5433/d")
        #expect(other?.host == "2001:db8::1" && other?.port == 5433 && other?.user == "u")
    }

    @Test func `the last @ separates, and a percent sign stands for a byte`() {
        let url = DatabaseURL("mysql://a@b:p@ss:w%2Frd@h:3307/d")
        #expect(url?.user == "a@b" && url?.password == "p@ss:w/rd" && url?.host == "h" && url?.port == 3307)
    }

    @Test func `a socket may be named in three ways`() {
        #expect(DatabaseURL("postgres://u@/d?socket=/run/pg")?.socket == "/run/pg")
        #expect(DatabaseURL("postgres://u@%2Frun%2Fpg/d")?.socket == "/run/pg")
        #expect(DatabaseURL("mysql://u@unix(%2Frun%2Fm.sock)/d")?.socket == "/run/m.sock")
    }

    @Test func `other options are kept for the library (libpq: connection URIs)`() {
        let url = DatabaseURL("postgres://u:p@h/d?sslmode=require&socket=/run/pg&options=-c%20a%3Db")
        #expect(url?.socket == "/run/pg" && url?.database == "d" && url?.password == "p")
        #expect(
            url?.options == [
                DatabaseURL.Option("sslmode", "require"), DatabaseURL.Option("options", "-c a=b"),
            ])
    }

    @Test func `settings stand one behind the other (manual: con_param)`() {
        let list = DatabaseURL.Option.list("connect_timeout=15; tcp_user_timeout=5000;")
        #expect(list?.map(\.name) == ["connect_timeout", "tcp_user_timeout"])
        #expect(list?.map(\.value) == ["15", "5000"])
        for wrong in ["sslmode", "=x", "a=b;c"] { #expect(DatabaseURL.Option.list(wrong) == nil) }
    }

    @Test func `a group of my_cnf may stand in front`() {
        let url = DatabaseURL("mysql://[sip]u@h/d")
        #expect(url?.group == "sip" && url?.user == "u" && url?.host == "h")
    }

    @Test func `what is no URL is none, and the password is never shown`() {
        for wrong in [
            "", "mysql", "mysql://", "mysql://h", "mysql://h/", "://h/d", "mysql://h:x/d", "mysql://h/d?=b",
            "mysql://h/d?a=b&c",
        ] {
            #expect(DatabaseURL(wrong) == nil, "\(wrong)")
        }
        #expect(DatabaseURL("mysql://u:secret@h:3306/d")?.shown == "mysql://u@h:3306/d")
    }
}
