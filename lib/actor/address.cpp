#include "actor/address.hpp"

namespace fanfetch {
namespace detail {
namespace {

std::uint64_t next_id() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

Target::Target() noexcept : id_{next_id()} {}

}  // namespace detail

std::string to_string(const Address& address) {
    return address ? "actor-" + std::to_string(address.id()) : "nobody";
}

}  // namespace fanfetch
