#include "actor/messages.hpp"

#include <boost/core/demangle.hpp>

#include <utility>

namespace fanfetch {

std::string AnyMessage::type_name() const {
    return letter_ ? boost::core::demangle(letter_->kind().type.name()) : "none";
}

Poison::Poison(AnyMessage returned, std::string type, std::exception_ptr error)
    : Error{"the handler of " + type + " failed: " + describe(error)},
      message{std::move(returned)},
      details{describe(error)},
      cause{std::move(error)} {}

}  // namespace fanfetch
