#pragma once

#include <cstddef>

namespace fanfetch {

/// The memory of one parse: every block it holds is given back at once at the end.
///
/// gumbo frees a tree by recursion, which a deeply nested document turns into an exhausted stack;
/// so the tree is never freed as such. Beyond its bound, and when there is no memory, the process
/// is aborted: gumbo cannot be told of either. It runs where a crash costs one document.
///
/// Threads  one owner
class HeldMemory {
public:
    explicit HeldMemory(std::size_t most_bytes) noexcept;
    ~HeldMemory();
    HeldMemory(const HeldMemory&) = delete;
    HeldMemory& operator=(const HeldMemory&) = delete;

    [[nodiscard]] void* allocate(std::size_t size);
    void release(void* pointer) noexcept;
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    /// Stands before every block.
    struct alignas(std::max_align_t) Block {
        Block* before;
        Block* after;
        std::size_t size;
    };

    Block ring_{&ring_, &ring_, 0};
    std::size_t most_bytes_;
    std::size_t bytes_ = 0;
};

}  // namespace fanfetch
