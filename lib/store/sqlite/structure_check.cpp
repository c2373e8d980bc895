#include "store/sqlite/structure_check.hpp"

#include <sqlite3.h>

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

namespace fanfetch::sqlite {
namespace {

/// Interrupts what a connection is doing when it takes too long. A progress handler would not do:
/// the walk over a table's pages is one step of SQLite's machine, and none is called in it.
class Patience {
public:
    Patience(Connection& connection, std::chrono::milliseconds limit)
        : watch_{[this, &connection, limit](const std::stop_token& over) {
              std::unique_lock lock{mutex_};
              changed_.wait_for(lock, over, limit, [] { return false; });
              if (!over.stop_requested()) {
                  sqlite3_interrupt(connection.handle());
              }
          }} {}

private:
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::jthread watch_;
};

}  // namespace

void check_structure(Connection& connection, std::chrono::milliseconds limit) {
    std::string verdict;
    try {
        const Patience patience{connection, limit};
        verdict = connection.text("PRAGMA quick_check(1)");
    } catch (const DatabaseError& error) {
        verdict = error.code() == SQLITE_INTERRUPT ? "ok" : error.what();
    }
    if (verdict != "ok") {
        throw DatabaseError{SQLITE_CORRUPT, verdict.substr(0, verdict.find('\n'))};
    }
}

}  // namespace fanfetch::sqlite
