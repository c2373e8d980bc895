#include "api/submission.hpp"

#include "api/json.hpp"
#include "api/submission_item.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace fanfetch {
namespace {

namespace json = boost::json;

constexpr std::string_view plain_list = "urls";
constexpr std::string_view request_list = "requests";

bool is_list(std::string_view name) noexcept {
    return name == plain_list || name == request_list;
}

Failure too_many(std::uint64_t limit) {
    return failed(
        failure_code::job_too_many_items,
        "reading the items: more than " + std::to_string(limit) + " in one job"
    );
}

Fault read_items(
    const JsonMember& list, bool plain, const SubmissionContext& context, Submission& submission
) {
    const auto* const array = list.value().if_array();
    if (array == nullptr) {
        return list.unexpected("a list");
    }
    if (array->empty() && !context.may_be_empty) {
        return failed(failure_code::job_empty, "reading the items: the list is empty");
    }
    if (context.first_index + array->size() > context.limits.max_items) {
        return too_many(context.limits.max_items);
    }
    const OptionContext option_context{context.limits.options, context.now};
    submission.items.reserve(array->size());
    return read_list(list, array->size(), [&](const JsonMember& request) -> Fault {
        if (plain && !request.value().is_string()) {
            return request.unexpected("a URL (objects belong into requests)");
        }
        auto& item = submission.items.emplace_back();
        item.index = context.first_index + submission.items.size() - 1;
        return read_request(request, submission.options.fetch, option_context, item);
    });
}

/// The items of `urls` or of `requests`: exactly one of the two is there.
Fault read_lists(
    const JsonMember& root, const json::object& object, const SubmissionContext& context,
    Submission& submission
) {
    const auto* const urls = object.if_contains(plain_list);
    const auto* const requests = object.if_contains(request_list);
    if (urls != nullptr && requests != nullptr) {
        return JsonMember{root, request_list, *requests}.refused(
            "urls and requests exclude each other"
        );
    }
    if (urls != nullptr) {
        return read_items(JsonMember{root, plain_list, *urls}, true, context, submission);
    }
    if (requests != nullptr) {
        return read_items(JsonMember{root, request_list, *requests}, false, context, submission);
    }
    if (context.may_be_empty) {
        return std::nullopt;
    }
    return root.refused("there are neither urls nor requests");
}

Expected<Submission> read_body(
    std::string_view body, const SubmissionContext& context, bool with_options
) {
    const auto document = parse_json(body);
    if (!document) {
        return document.error();
    }
    const JsonMember root{*document, ""};
    const auto* const object = document->if_object();
    if (object == nullptr) {
        return root.unexpected("an object");
    }
    Submission submission{context.options, {}};
    Faults faults;
    faults.add(read_entries(root, *object, [&](const JsonMember& member, std::string_view name) {
        const bool known = is_list(name) || (with_options && name == "options");
        return known ? Fault{} : Fault{member.refused("there is no such member")};
    }));
    // The options before the items, which are judged laid over them.
    if (const auto* const options = with_options ? object->if_contains("options") : nullptr) {
        const OptionContext option_context{context.limits.options, context.now};
        const JsonMember member{root, "options", *options};
        faults.add(read_job_options(member, option_context, submission.options));
    }
    faults.add(read_lists(root, *object, context, submission));
    if (auto fault = std::move(faults).joined()) {
        return std::move(*fault);
    }
    return submission;
}

}  // namespace

Expected<Submission> parse_submission(std::string_view body, const SubmissionContext& context) {
    return read_body(body, context, true);
}

Expected<std::vector<Item>> parse_more_items(
    std::string_view body, const SubmissionContext& context
) {
    auto submission = read_body(body, context, false);
    if (!submission) {
        return std::move(submission).error();
    }
    return std::move(submission->items);
}

}  // namespace fanfetch
