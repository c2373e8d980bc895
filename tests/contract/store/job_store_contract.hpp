#pragma once

#include "store/job_store.hpp"
#include "store_factories.hpp"
#include "support/store_samples.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace fanfetch::testing {

/// A result that is the earlier item's.
inline ResultToRecord copy_of(std::uint64_t index, std::uint64_t earlier) {
    ResultToRecord done;
    done.result.index = index;
    done.result.started_at = done.result.finished_at = sample_time + std::chrono::seconds{1};
    done.copy_of = earlier;
    return done;
}

/// The promises of job_store.hpp, against every store. They stand in several files by topic.
template <class Factory>
class JobStoreContract : public ::testing::Test {
public:
    JobStoreContract() : store_owner{factory.make()}, store{*store_owner} {}

    void create(const std::string& id, std::size_t items = 0) {
        ASSERT_TRUE(store.create_job(sample_job(id)).result().has_value());
        if (items > 0) {
            ASSERT_TRUE(store.append_items(id, sample_items(0, items)).result().has_value());
        }
    }
    Commit record(const std::string& id, std::vector<ResultToRecord> results) {
        std::vector<ResultGroup> groups;
        groups.push_back({id, std::move(results)});
        return store.record(std::move(groups)).take().value().at(0);
    }

    Factory factory;
    std::unique_ptr<JobStore> store_owner;
    JobStore& store;
};

TYPED_TEST_SUITE(JobStoreContract, Factories, FactoryName);

}  // namespace fanfetch::testing
