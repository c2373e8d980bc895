#include "future/blocking_watch.hpp"

#include <utility>

namespace fanfetch::detail {
namespace {

thread_local BlockingWatch* current_watch = nullptr;

}  // namespace

BlockingWatch* BlockingWatch::current() noexcept {
    return current_watch;
}

BlockingWatch* BlockingWatch::install(BlockingWatch* watch) noexcept {
    return std::exchange(current_watch, watch);
}

}  // namespace fanfetch::detail
