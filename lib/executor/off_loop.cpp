#include "executor/off_loop.hpp"

#include "future/errors.hpp"

#include <stdexcept>

namespace fanfetch {
namespace {

thread_local int marks = 0;  // nested runs of a loop leave the thread a loop thread

#ifdef NDEBUG
constexpr bool report_blocking = false;
#else
constexpr bool report_blocking = true;
#endif

}  // namespace

OffLoop OffLoop::claim() {
    if (LoopThreadMark::on_loop_thread()) {
        throw std::logic_error{"a blocking call on a loop thread"};
    }
    return OffLoop{};
}

LoopThreadMark::LoopThreadMark() noexcept : before_{install(this)} {
    ++marks;
}

LoopThreadMark::~LoopThreadMark() {
    --marks;
    install(before_);
}

bool LoopThreadMark::on_loop_thread() noexcept {
    return marks > 0;
}

void LoopThreadMark::begins(const detail::FutureState*, bool) {
    if constexpr (report_blocking) {
        report_error(
            "blocking on a loop thread",
            std::make_exception_ptr(std::logic_error{"result() or wait() on a loop thread"})
        );
    }
}

void LoopThreadMark::ends() noexcept {}

}  // namespace fanfetch
