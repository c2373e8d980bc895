#include "process/worker.hpp"

#include <gmock/gmock.h>

// The test program is its own worker.
int main(int argc, char** argv) {
    if (fanfetch::run_as_worker(argc, argv)) {
        return 0;
    }
    ::testing::InitGoogleMock(&argc, argv);
    return RUN_ALL_TESTS();
}
