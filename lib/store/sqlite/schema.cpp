#include "store/sqlite/schema.hpp"

#include <string>

namespace fanfetch::sqlite {
namespace {

// Items, results and outcomes are blocks of records, see store/block_codec.hpp. `outcomes` says
// which seq an item's result has; `segments.bytes` is where the committed records of one end.
// `meta.commits` grows with every transaction, so that each puts the database's identity into the
// WAL: a WAL of another database, or an older one of this, gives itself away.
constexpr const char* tables = R"sql(
CREATE TABLE meta(
    id INTEGER PRIMARY KEY CHECK(id = 1), identity TEXT NOT NULL, commits INTEGER NOT NULL);
CREATE TABLE jobs(
    key INTEGER PRIMARY KEY, id TEXT NOT NULL, tenant TEXT NOT NULL,
    state INTEGER NOT NULL, reason INTEGER NOT NULL, sealed INTEGER NOT NULL,
    erased INTEGER NOT NULL, total INTEGER NOT NULL, last_seq INTEGER NOT NULL,
    low_water INTEGER NOT NULL, created_at INTEGER NOT NULL, started_at INTEGER,
    finished_at INTEGER, expires_at INTEGER, tally BLOB NOT NULL);
CREATE UNIQUE INDEX jobs_by_id ON jobs(id);
CREATE INDEX jobs_by_tenant ON jobs(tenant, id);
CREATE INDEX jobs_unfinished ON jobs(key) WHERE state < 4;
CREATE INDEX jobs_expiring ON jobs(expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX jobs_erased ON jobs(key) WHERE erased = 1;
CREATE TABLE options(job INTEGER PRIMARY KEY, json TEXT NOT NULL);
CREATE TABLE items(pos INTEGER PRIMARY KEY, block BLOB NOT NULL);
CREATE TABLE results(pos INTEGER PRIMARY KEY, block BLOB NOT NULL);
CREATE TABLE outcomes(pos INTEGER PRIMARY KEY, seqs BLOB NOT NULL);
CREATE TABLE segments(
    number INTEGER PRIMARY KEY, shared INTEGER NOT NULL, bytes INTEGER NOT NULL,
    refs INTEGER NOT NULL);
CREATE INDEX segments_dead ON segments(number) WHERE refs = 0;
)sql";
// What is remembered of hosts, see model/host_record_json.hpp.
constexpr const char* tables_of_version_2 =
    "CREATE TABLE hosts(host TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID";

// Which item of a job was the first with a request: for jobs that have theirs compared, and gone
// with them.
constexpr const char* tables_of_version_3 =
    "CREATE TABLE IF NOT EXISTS requests(job INTEGER NOT NULL, digest BLOB NOT NULL,"
    " item INTEGER NOT NULL, PRIMARY KEY(job, digest)) WITHOUT ROWID";

// What is being run again (see model/rerun.hpp) is there until the last item of it has been put
// back.
constexpr const char* columns_of_version_4 = R"sql(
ALTER TABLE jobs ADD COLUMN open INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN run INTEGER NOT NULL DEFAULT 1;
ALTER TABLE jobs ADD COLUMN rerun TEXT;
)sql";
constexpr const char* tables_of_version_4 = R"sql(
CREATE TABLE IF NOT EXISTS keys(
    tenant TEXT NOT NULL, key TEXT NOT NULL, digest BLOB NOT NULL, job_id TEXT NOT NULL,
    answer BLOB NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY(tenant, key)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS keys_by_age ON keys(created_at);
)sql";

// Who is to be told of what, and the outbox with its log. `endpoint` is what one limit is for; a
// callback's `cursor` is the seq up to which the results of its job have been made deliveries, and
// it is `following` while there may be more. A callback outlives its job (as that of job 0) until
// no delivery refers to it.
constexpr const char* tables_of_version_5 = R"sql(
CREATE TABLE IF NOT EXISTS callbacks(
    key INTEGER PRIMARY KEY, id TEXT NOT NULL, job INTEGER NOT NULL, job_id TEXT NOT NULL,
    tenant TEXT NOT NULL, endpoint TEXT NOT NULL, json TEXT NOT NULL, made INTEGER NOT NULL,
    events INTEGER NOT NULL, state INTEGER NOT NULL, created_at INTEGER NOT NULL,
    cursor INTEGER NOT NULL, following INTEGER NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS callbacks_by_id ON callbacks(id);
CREATE INDEX IF NOT EXISTS callbacks_by_job ON callbacks(job);
CREATE INDEX IF NOT EXISTS callbacks_following ON callbacks(key) WHERE following = 1;
CREATE TABLE IF NOT EXISTS deliveries(
    key INTEGER PRIMARY KEY, id TEXT NOT NULL, callback INTEGER NOT NULL,
    callback_id TEXT NOT NULL, job_id TEXT NOT NULL, tenant TEXT NOT NULL,
    endpoint TEXT NOT NULL, event INTEGER NOT NULL, run INTEGER NOT NULL,
    state INTEGER NOT NULL, attempts INTEGER NOT NULL, created_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL, last_at INTEGER, last_status INTEGER NOT NULL,
    last_size INTEGER NOT NULL, last_code INTEGER NOT NULL, payload TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS deliveries_by_id ON deliveries(id);
CREATE INDEX IF NOT EXISTS deliveries_log ON deliveries(tenant, id);
CREATE INDEX IF NOT EXISTS deliveries_by_callback ON deliveries(callback, state);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries(tenant, endpoint, due_at, key)
    WHERE state = 0;
CREATE INDEX IF NOT EXISTS deliveries_next ON deliveries(due_at) WHERE state = 0;
CREATE INDEX IF NOT EXISTS deliveries_finished ON deliveries(tenant, created_at)
    WHERE state <> 0;
)sql";

// What a job has in segments, for its tenant's quota. What was stored before counts as nothing: to
// find it out, every result would have to be read.
constexpr const char* columns_of_version_6 =
    "ALTER TABLE jobs ADD COLUMN stored INTEGER NOT NULL DEFAULT 0";

// Which results are answers to the same request of other jobs, see CopyTerms: for jobs that ask for
// it, and gone with them.
constexpr const char* tables_of_version_7 = R"sql(
CREATE TABLE IF NOT EXISTS copies(
    tenant TEXT NOT NULL, digest BLOB NOT NULL, job INTEGER NOT NULL, seq INTEGER NOT NULL,
    fetched_at INTEGER NOT NULL, born_at INTEGER NOT NULL, fresh_until INTEGER NOT NULL,
    PRIMARY KEY(tenant, digest)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS copies_by_job ON copies(job);
)sql";

// Which results of a job refer to a segment, from the first such seq to the last, how many
// references there are and how many bytes: for what is gone, the others' share of a segment has to
// be found. There is nothing for what was stored before; such segments are left alone.
constexpr const char* tables_of_version_8 = R"sql(
CREATE TABLE IF NOT EXISTS holdings(
    job INTEGER NOT NULL, segment INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    refs INTEGER NOT NULL, bytes INTEGER NOT NULL, PRIMARY KEY(job, segment)) WITHOUT ROWID;
)sql";

bool has_column(Connection& connection, const std::string& name) {
    const auto sql = "SELECT count(*) FROM pragma_table_info('jobs') WHERE name = '" + name + "'";
    return connection.number(sql.c_str()) > 0;
}

std::int32_t big_endian_at(std::string_view bytes, std::size_t at) noexcept {
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        number = number << 8U | static_cast<unsigned char>(bytes[at + i]);
    }
    return static_cast<std::int32_t>(number);
}

Failure refused(const std::string& reason) {
    return failed(failure_code::store_unavailable, "opening the database: " + reason);
}

}  // namespace

void create_schema(Connection& connection, std::string_view identity) {
    connection.execute(("PRAGMA page_size = " + std::to_string(page_size)).c_str());
    connection.execute("PRAGMA auto_vacuum = NONE");
    connection.execute("BEGIN");
    connection.execute(tables);
    connection.execute(tables_of_version_2);
    connection.execute(tables_of_version_3);
    connection.execute(columns_of_version_4);
    connection.execute(tables_of_version_4);
    connection.execute(tables_of_version_5);
    connection.execute(columns_of_version_6);
    connection.execute(tables_of_version_7);
    connection.execute(tables_of_version_8);
    Statement meta{connection, "INSERT INTO meta VALUES(1, ?, 0)"};
    meta.bind(identity).run();
    connection.execute(("PRAGMA application_id = " + std::to_string(application_id)).c_str());
    connection.execute(("PRAGMA user_version = " + std::to_string(schema_version)).c_str());
    connection.execute("COMMIT");
}

void migrate_schema(Connection& connection) {
    const auto version = connection.number("PRAGMA user_version");
    if (version >= schema_version) {
        return;
    }
    connection.execute("BEGIN IMMEDIATE");
    if (version < 2) {
        connection.execute(tables_of_version_2);
    }
    connection.execute(tables_of_version_3);
    if (!has_column(connection, "run")) {
        connection.execute(columns_of_version_4);
    }
    connection.execute(tables_of_version_4);
    connection.execute(tables_of_version_5);
    if (!has_column(connection, "stored")) {
        connection.execute(columns_of_version_6);
    }
    connection.execute(tables_of_version_7);
    connection.execute(tables_of_version_8);
    connection.execute(("PRAGMA user_version = " + std::to_string(schema_version)).c_str());
    connection.execute("COMMIT");
}

Expected<void> judge_header(std::string_view first_bytes) {
    constexpr std::string_view magic{"SQLite format 3\0", 16};
    constexpr std::size_t version_at = 60;
    constexpr std::size_t application_at = 68;
    if (first_bytes.empty()) {
        return refused("the file is empty");
    }
    if (!first_bytes.starts_with(magic)) {
        return refused("the file is not a database");
    }
    if (first_bytes.size() < header_size) {
        return refused("the file is cut short");
    }
    if (big_endian_at(first_bytes, application_at) != application_id) {
        return refused("the file belongs to another program");
    }
    const auto version = big_endian_at(first_bytes, version_at);
    if (version > schema_version) {
        return refused(
            "the file was made by a newer version (its tables have version " +
            std::to_string(version) + ", this program knows " + std::to_string(schema_version) + ")"
        );
    }
    if (version < 1) {
        return refused("the file has no version");
    }
    constexpr char wal_format = 2;
    if (first_bytes[18] != wal_format || first_bytes[19] != wal_format) {
        return refused("the file is not in WAL mode");
    }
    return {};
}

}  // namespace fanfetch::sqlite
