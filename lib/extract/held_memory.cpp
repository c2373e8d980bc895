#include "extract/held_memory.hpp"

#include <cstdlib>
#include <new>

namespace fanfetch {

HeldMemory::HeldMemory(std::size_t most_bytes) noexcept : most_bytes_{most_bytes} {}

HeldMemory::~HeldMemory() {
    for (Block* block = ring_.after; block != &ring_;) {
        Block* const next = block->after;
        std::free(block);
        block = next;
    }
}

void* HeldMemory::allocate(std::size_t size) {
    if (size > most_bytes_ - bytes_) {
        std::abort();
    }
    void* const room = std::malloc(sizeof(Block) + size);
    if (room == nullptr) {
        std::abort();
    }
    auto* const block = new (room) Block{&ring_, ring_.after, size};
    ring_.after->before = block;
    ring_.after = block;
    bytes_ += size;
    return block + 1;
}

void HeldMemory::release(void* pointer) noexcept {
    if (pointer == nullptr) {
        return;
    }
    auto* const block = static_cast<Block*>(pointer) - 1;
    block->before->after = block->after;
    block->after->before = block->before;
    bytes_ -= block->size;
    std::free(block);
}

}  // namespace fanfetch
