#include "process/worker.hpp"

#include "parents.hpp"

#include <gmock/gmock.h>

// The test program is its own worker, and, for tests of parents that die, its own parent.
int main(int argc, char** argv) {
    if (fanfetch::run_as_worker(argc, argv)) {
        return 0;
    }
    if (const auto result = fanfetch::testing::run_as_parent(argc, argv)) {
        return *result;
    }
    ::testing::InitGoogleMock(&argc, argv);
    return RUN_ALL_TESTS();
}
