#pragma once

#include "store/sqlite/connection.hpp"

#include <chrono>

namespace fanfetch::sqlite {

/// Looks at the structure of the database's pages, one after the other, for at most `limit`: of a
/// large one on a slow disk only a part is seen.
///
/// Errors   DatabaseError: SQLITE_CORRUPT with the first fault found
/// Threads  that of the connection; a thread of its own watches the time meanwhile
/// Source   https://sqlite.org/pragma.html#pragma_quick_check,
/// https://sqlite.org/c3ref/interrupt.html
void check_structure(Connection& connection, std::chrono::milliseconds limit);

}  // namespace fanfetch::sqlite
