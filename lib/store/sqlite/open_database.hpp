#pragma once

#include "base/expected.hpp"
#include "store/segment_files.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/data_directory.hpp"

#include <memory>

namespace fanfetch::sqlite {

/// Opens the one connection that writes and checkpoints, making the database when the directory
/// is new. A database that is refused is left as it was, its WAL included.
///
/// Errors   store_unavailable, see open_sqlite_store
/// Threads  any thread; the connection goes to the thread that writes
[[nodiscard]] Expected<std::unique_ptr<Connection>> open_database(
    const DataDirectory& directory, durability how
);

}  // namespace fanfetch::sqlite
