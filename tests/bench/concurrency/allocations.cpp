#include "allocations.hpp"

#include <malloc.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

std::atomic<bool> counting{false};
std::atomic<std::uint64_t> counted{0};

void note_allocation() noexcept {
    if (counting.load(std::memory_order_relaxed)) {
        counted.fetch_add(1, std::memory_order_relaxed);
    }
}

void* allocate(std::size_t size) {
    note_allocation();
    if (void* const block = std::malloc(size)) {
        return block;
    }
    throw std::bad_alloc{};
}

void* allocate(std::size_t size, std::align_val_t alignment) {
    note_allocation();
    if (void* const block = memalign(static_cast<std::size_t>(alignment), size)) {
        return block;
    }
    throw std::bad_alloc{};
}

}  // namespace

namespace fanfetch::bench {

void begin_counting_allocations() noexcept {
    counted = 0;
    counting = true;
}

std::uint64_t end_counting_allocations() noexcept {
    counting = false;
    return counted;
}

}  // namespace fanfetch::bench

// The forms with arrays and without exceptions call these.
void* operator new(std::size_t size) {
    return allocate(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return allocate(size, alignment);
}
void operator delete(void* block) noexcept {
    std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
    std::free(block);
}
void operator delete(void* block, std::align_val_t) noexcept {
    std::free(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
    std::free(block);
}

extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
    note_allocation();
    return memalign(alignment, size);
}
