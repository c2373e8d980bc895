// JSON bodies of jobs: what is accepted means the same when it is read again.
#include "api/json.hpp"
#include "api/submission.hpp"
#include "model/canonical_json.hpp"
#include "model/item_extras.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace fanfetch;

void require(bool good) {
    if (!good) {
        std::abort();
    }
}

int depth_of(const boost::json::value& value) {
    int deepest = 0;
    if (const auto* const array = value.if_array()) {
        for (const auto& element : *array) {
            deepest = std::max(deepest, depth_of(element));
        }
        return deepest + 1;
    }
    if (const auto* const object = value.if_object()) {
        for (const auto& member : *object) {
            deepest = std::max(deepest, depth_of(member.value()));
        }
        return deepest + 1;
    }
    return 0;
}

/// The document that asks for the same items once more.
std::string written_again(const Submission& submission) {
    boost::json::array requests;
    for (const auto& item : submission.items) {
        boost::json::object request;
        if (!item.extras.empty()) {
            auto extras = parse_json(item.extras);
            require(extras.has_value());
            require(canonical_json(*extras) == item.extras);
            request = std::move(extras->as_object());
        }
        request["url"] = item.url;
        requests.push_back(std::move(request));
    }
    return canonical_json(boost::json::object{{"requests", std::move(requests)}});
}

void check_submission(std::string_view text) {
    SubmissionContext context;
    context.limits.max_items = 100;
    const auto submission = parse_submission(text, context);
    if (!submission) {
        const auto status = api_status(submission.error().code);
        require(status == 400 || status == 413 || status == 422);
        return;
    }
    require(!submission->items.empty() && submission->items.size() <= context.limits.max_items);
    context.options = submission->options;
    const auto again = parse_submission(written_again(*submission), context);
    require(again.has_value() && again->items.size() == submission->items.size());
    for (std::size_t i = 0; i < again->items.size(); ++i) {
        const auto& first = submission->items[i];
        const auto& second = again->items[i];
        require(first.index == i && second.index == i);
        require(first.extras == second.extras);
        require(first.failure || (!second.failure && first.url == second.url));
        const auto options = item_options(submission->options.fetch, first.extras);
        require(options == item_options(submission->options.fetch, second.extras));
        require(options.max_body_bytes <= context.limits.options.max_body_bytes);
        (void)item_label(first.extras);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    if (const auto value = parse_json(text)) {
        require(depth_of(*value) <= 32);
        const auto canonical = canonical_json(*value);
        const auto again = parse_json(canonical);
        require(again.has_value() && *again == *value);
        require(canonical_json(*again) == canonical);
    }
    check_submission(text);
    return 0;
}
