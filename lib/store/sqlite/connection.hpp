#pragma once

#include "base/failure.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

struct sqlite3;
struct sqlite3_stmt;

namespace fanfetch::sqlite {

/// A call of SQLite that failed. Stays inside this folder: a write turns it into a Failure where
/// its transaction ends, a read into a StoreError.
class DatabaseError : public std::runtime_error {
public:
    DatabaseError(int code, const std::string& what) : std::runtime_error{what}, code_{code} {}

    /// The extended result code.
    [[nodiscard]] int code() const noexcept { return code_; }
    /// Whether the file or a row in it is damaged.
    [[nodiscard]] bool damaged() const noexcept;
    /// disk_low when the disk is full, else store_unavailable.
    [[nodiscard]] Failure failure() const;

private:
    int code_;
};

/// A row of ours that cannot be read.
[[noreturn]] void throw_damaged(const char* what);

/// How a database file is opened.
enum class access : std::uint8_t {
    create,  ///< for reading and writing; made when there is none
    write,   ///< for reading and writing
    read,    ///< for reading only; never checkpoints
    bare,    ///< for reading the main file alone, as if there were no WAL
};

/// A connection to one database file.
///
/// Errors   DatabaseError
/// Threads  one at a time: SQLite's own mutexes are off
class Connection {
public:
    Connection(const std::string& path, access how);

    void execute(const char* sql);
    /// The single number that a statement answers.
    [[nodiscard]] std::int64_t number(const char* sql);
    [[nodiscard]] std::string text(const char* sql);
    [[nodiscard]] bool in_transaction() const noexcept;
    /// Rows that the last statement changed.
    [[nodiscard]] std::int64_t changes() const noexcept;
    [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }

private:
    struct Close {
        void operator()(sqlite3* handle) const noexcept;
    };
    std::unique_ptr<sqlite3, Close> handle_;
};

/// Bytes to be bound as a blob, where a string_view would be a text.
struct Blob {
    std::string_view bytes;
};

/// A prepared statement. Parameters are bound without copies: what is bound must live until
/// `reset`. Columns are valid until the next `step` or `reset`.
///
/// Errors   DatabaseError
/// Threads  those of its connection
class Statement {
public:
    Statement(Connection& connection, std::string_view sql);

    /// Binds the parameters in order: numbers, texts, blobs; an empty optional is NULL.
    template <class... Values>
    Statement& bind(const Values&... values) {
        int position = 0;
        (bind_one(++position, values), ...);
        return *this;
    }

    /// True when there is a row.
    [[nodiscard]] bool step();
    /// Runs a statement that has no rows, and resets it.
    void run();
    void reset() noexcept;

    [[nodiscard]] std::int64_t number(int column) const noexcept;
    [[nodiscard]] std::string_view text(int column) const noexcept;
    [[nodiscard]] std::string_view blob(int column) const noexcept;
    [[nodiscard]] bool is_null(int column) const noexcept;

private:
    template <class Number>
        requires std::is_integral_v<Number>
    void bind_one(int position, Number value) {
        bind_number(position, static_cast<std::int64_t>(value));
    }
    void bind_one(int position, std::string_view text);
    void bind_one(int position, Blob blob);
    template <class Value>
    void bind_one(int position, const std::optional<Value>& value) {
        if (value) {
            bind_one(position, *value);
        } else {
            bind_null(position);
        }
    }
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const noexcept;
    };
    void bind_number(int position, std::int64_t value);
    void bind_null(int position);
    [[noreturn]] void fail(int code) const;

    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

/// Resets a statement when the rows have been read, on every path.
class Rows {
public:
    explicit Rows(Statement& statement) noexcept : statement_{statement} {}
    ~Rows() { statement_.reset(); }
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;

    [[nodiscard]] bool next() { return statement_.step(); }

private:
    Statement& statement_;
};

}  // namespace fanfetch::sqlite
