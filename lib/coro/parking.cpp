#include "coro/parking.hpp"

#include "coro/loop_state.hpp"

#include <boost/asio/post.hpp>

namespace fanfetch {

void Parking::keep(Handler handler) {
    handler_.emplace(std::move(handler));
    loop_.note(*this);
}

Parking::Handler Parking::leave() noexcept {
    unlink();
    Handler handler{std::move(*handler_)};
    handler_.reset();
    return handler;
}

void Parking::resume_soon() {
    if (handler_) {
        boost::asio::post(loop_.executor(), leave());
    }
}

void Parking::resume_now() {
    auto handler = leave();
    std::move(handler)();
}

void Parking::abandon() noexcept {
    [[maybe_unused]] const auto unwound = leave();
}

}  // namespace fanfetch
