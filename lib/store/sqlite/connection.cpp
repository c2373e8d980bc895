#include "store/sqlite/connection.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <mutex>

namespace fanfetch::sqlite {
namespace {

/// Counting every allocation takes a global mutex, and nobody reads the counts.
void configure_once() {
    static std::once_flag once;
    std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

int flags_of(access how) noexcept {
    constexpr int always = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
    switch (how) {
        case access::create:
            return always | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
        case access::write:
        case access::read:  // a reader of a WAL database writes the shared index
            return always | SQLITE_OPEN_READWRITE;
        case access::bare:
            return always | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
    }
    return always;
}

/// The file as a URI that says that nobody else writes it, which makes SQLite look past its WAL.
std::string immutable_uri(const std::string& path) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string uri{"file:"};
    for (const char c : path) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '?' || c == '#' || c == '%' || byte <= ' ') {
            uri.append({'%', hex[byte >> 4U], hex[byte & 15U]});
        } else {
            uri += c;
        }
    }
    return uri.append("?immutable=1");
}

}  // namespace

bool DatabaseError::damaged() const noexcept {
    const int kind = code_ & 0xFF;
    return kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB;
}

Failure DatabaseError::failure() const {
    const bool full = (code_ & 0xFF) == SQLITE_FULL;
    return {
        full ? failure_code::disk_low : failure_code::store_unavailable,
        std::string{"using the database: "} + what(),
        0,
        {}};
}

void throw_damaged(const char* what) {
    throw DatabaseError{SQLITE_CORRUPT, what};
}

void Connection::Close::operator()(sqlite3* handle) const noexcept {
    sqlite3_close_v2(handle);
}

Connection::Connection(const std::string& path, access how) {
    configure_once();
    sqlite3* handle = nullptr;
    const auto name = how == access::bare ? immutable_uri(path) : path;
    const int code = sqlite3_open_v2(name.c_str(), &handle, flags_of(how), nullptr);
    handle_.reset(handle);
    if (code != SQLITE_OK) {
        throw DatabaseError{code, sqlite3_errstr(code)};
    }
    if (how != access::write && how != access::create) {
        sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        execute("PRAGMA query_only = 1");
    }
    // The file may be damaged or made by somebody else: its schema is data, not code.
    sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    execute("PRAGMA trusted_schema = OFF");
    execute("PRAGMA cell_size_check = ON");
    execute("PRAGMA mmap_size = 0");
}

void Connection::execute(const char* sql) {
    char* message = nullptr;
    const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, &message);
    if (code != SQLITE_OK) {
        const std::string what{message != nullptr ? message : sqlite3_errstr(code)};
        sqlite3_free(message);
        throw DatabaseError{code, what};
    }
}

std::int64_t Connection::number(const char* sql) {
    Statement statement{*this, sql};
    return statement.step() ? statement.number(0) : 0;
}

std::string Connection::text(const char* sql) {
    Statement statement{*this, sql};
    return statement.step() ? std::string{statement.text(0)} : std::string{};
}

bool Connection::in_transaction() const noexcept {
    return sqlite3_get_autocommit(handle_.get()) == 0;
}

std::int64_t Connection::changes() const noexcept {
    return sqlite3_changes64(handle_.get());
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
    sqlite3_finalize(statement);
}

Statement::Statement(Connection& connection, std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(
        connection.handle(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
        &statement, nullptr
    );
    if (code != SQLITE_OK) {
        throw DatabaseError{code, sqlite3_errmsg(connection.handle())};
    }
    statement_.reset(statement);
}

void Statement::fail(int code) const {
    const std::string what = sqlite3_errmsg(sqlite3_db_handle(statement_.get()));
    sqlite3_reset(statement_.get());
    throw DatabaseError{code, what};
}

void Statement::bind_number(int position, std::int64_t value) {
    if (const int code = sqlite3_bind_int64(statement_.get(), position, value)) {
        fail(code);
    }
}

void Statement::bind_null(int position) {
    if (const int code = sqlite3_bind_null(statement_.get(), position)) {
        fail(code);
    }
}

void Statement::bind_one(int position, std::string_view text) {
    const int code = sqlite3_bind_text64(
        statement_.get(), position, text.data() == nullptr ? "" : text.data(), text.size(),
        SQLITE_STATIC, SQLITE_UTF8
    );
    if (code != SQLITE_OK) {
        fail(code);
    }
}

void Statement::bind_one(int position, Blob blob) {
    const int code = sqlite3_bind_blob64(
        statement_.get(), position, blob.bytes.data() == nullptr ? "" : blob.bytes.data(),
        blob.bytes.size(), SQLITE_STATIC
    );
    if (code != SQLITE_OK) {
        fail(code);
    }
}

bool Statement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        fail(code);
    }
    return code == SQLITE_ROW;
}

void Statement::run() {
    while (step()) {
    }
    reset();
}

void Statement::reset() noexcept {
    sqlite3_reset(statement_.get());
}

std::int64_t Statement::number(int column) const noexcept {
    return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const noexcept {
    const void* bytes = sqlite3_column_text(statement_.get(), column);
    const auto size = sqlite3_column_bytes(statement_.get(), column);
    return bytes == nullptr
               ? std::string_view{}
               : std::string_view{static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

std::string_view Statement::blob(int column) const noexcept {
    const void* bytes = sqlite3_column_blob(statement_.get(), column);
    const auto size = sqlite3_column_bytes(statement_.get(), column);
    return bytes == nullptr
               ? std::string_view{}
               : std::string_view{static_cast<const char*>(bytes), static_cast<std::size_t>(size)};
}

bool Statement::is_null(int column) const noexcept {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

}  // namespace fanfetch::sqlite
