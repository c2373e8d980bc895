#include "store/result_copy.hpp"

#include "future/errors.hpp"

#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace fanfetch {

ItemResult copy_for(const ItemResult* earlier, ItemResult to) {
    if (earlier == nullptr) {
        const std::logic_error bug{"item " + std::to_string(to.index) + " copies no result"};
        report_error("recording a copied result", std::make_exception_ptr(bug));
        to.state = item_state::failed;
        to.code = failure_code::internal;
        to.detail = "copying an earlier result: there is none";
        return to;
    }
    auto copy = *earlier;
    copy.index = to.index;
    copy.seq = 0;
    copy.started_at = to.started_at;
    copy.finished_at = to.finished_at;
    copy.reused = true;
    copy.owns_body = false;
    copy.wire_size = 0;
    copy.attempts_made = 0;
    copy.attempts.clear();
    copy.timing = {};
    return copy;
}

}  // namespace fanfetch
