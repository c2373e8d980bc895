#pragma once

#include "store/memory/memory_job_store.hpp"
#include "store/sqlite/open.hpp"
#include "support/store_samples.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace fanfetch::testing {

// The stores that every promise is tried against.

struct MemoryFactory {
    std::unique_ptr<JobStore> make() { return std::make_unique<MemoryJobStore>(); }
};

struct SqliteFactory {
    std::unique_ptr<JobStore> make() {
        StoreOptions options;
        options.data_dir = directory.path() / "data";
        options.segment_size = {64U << 10U};
        options.min_free = {};
        auto store = open_sqlite_store(options);
        EXPECT_TRUE(store.has_value()) << (store ? "" : store.error().detail);
        return store ? std::move(*store) : nullptr;
    }
    StoreDirectory directory;
};

struct FactoryName {
    template <class Factory>
    static std::string GetName(int) {
        return std::is_same_v<Factory, MemoryFactory> ? "Memory" : "Sqlite";
    }
};

using Factories = ::testing::Types<MemoryFactory, SqliteFactory>;

}  // namespace fanfetch::testing
