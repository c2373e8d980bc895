#pragma once

#include <cstdint>

namespace fanfetch::bench {

/// How many blocks all threads take from the heap, through `operator new` or aligned_alloc (which
/// is Asio's way), while `work` is done. Nothing is counted otherwise, so that measuring costs no
/// more than a look at a flag.
///
/// Threads  one at a time
void begin_counting_allocations() noexcept;
[[nodiscard]] std::uint64_t end_counting_allocations() noexcept;

template <class Work>
[[nodiscard]] std::uint64_t allocations_of(Work& work) {
    begin_counting_allocations();
    work();
    return end_counting_allocations();
}

}  // namespace fanfetch::bench
