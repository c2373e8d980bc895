#pragma once

#include "store/sqlite/queries.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace fanfetch::sqlite {

/// A few connections for reading, opened as they are needed and used by one thread at a time.
/// Who finds all of them in use waits; a read is over in milliseconds.
///
/// Errors   StoreError, as Queries
/// Threads  any thread
class ReadPool {
public:
    ReadPool(std::string path, std::size_t most) : path_{std::move(path)}, left_{most} {}

    /// Calls `ask(queries)` with a connection of its own.
    template <class Ask>
    auto with(Ask ask) {
        Lease lease{*this};
        return ask(*lease.queries);
    }

private:
    struct Lease {
        explicit Lease(ReadPool& from) : pool{from}, queries{from.take()} {}
        ~Lease() { pool.give_back(std::move(queries)); }
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;

        ReadPool& pool;
        std::unique_ptr<Queries> queries;
    };

    [[nodiscard]] std::unique_ptr<Queries> take();
    void give_back(std::unique_ptr<Queries> queries) noexcept;

    std::string path_;
    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<std::unique_ptr<Queries>> idle_;
    std::size_t left_;  // how many may still be opened
};

}  // namespace fanfetch::sqlite
