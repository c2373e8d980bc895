#include "coro/cancellation.hpp"

#include "future/errors.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

namespace fanfetch {

Ending current_ending(bool requested) noexcept {
    auto error = std::current_exception();
    try {
        throw;
    } catch (const CancelledError&) {
        return {std::move(error), true};
    } catch (const boost::system::system_error& failure) {
        if (requested && failure.code() == boost::asio::error::operation_aborted) {
            return {std::make_exception_ptr(CancelledError{}), true};
        }
    } catch (...) {
    }
    return {std::move(error), false};
}

}  // namespace fanfetch
