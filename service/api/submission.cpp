#include "api/submission.hpp"

#include "api/json.hpp"
#include "api/submission_item.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <array>
#include <string>
#include <utility>

namespace fanfetch {
namespace {

namespace json = boost::json;

Failure too_many(std::uint64_t limit) {
    return failed(
        failure_code::job_too_many_items,
        "reading the items: more than " + std::to_string(limit) + " in one job"
    );
}

/// The member that lists the items; exactly one of the two is there.
Expected<std::string_view> list_name(const JsonMember& root, const json::object& object) {
    const bool urls = object.contains("urls");
    if (urls && object.contains("requests")) {
        return JsonMember{root, "requests", object.at("requests")}.refused(
            "urls and requests exclude each other"
        );
    }
    if (!urls && !object.contains("requests")) {
        return root.refused("there are neither urls nor requests");
    }
    return std::string_view{urls ? "urls" : "requests"};
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
    for (std::size_t i = 0; i < array->size(); ++i) {
        const JsonMember request{list, i, (*array)[i]};
        if (plain && !request.value().is_string()) {
            return request.unexpected("a URL (objects belong into requests)");
        }
        auto& item = submission.items.emplace_back();
        item.index = context.first_index + i;
        if (auto fault = read_request(request, submission.options.fetch, option_context, item)) {
            return fault;
        }
    }
    return std::nullopt;
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
    for (const auto& entry : *object) {
        const std::string_view name = entry.key();
        if (name != "urls" && name != "requests" && !(with_options && name == "options")) {
            return JsonMember{root, name, entry.value()}.refused("there is no such member");
        }
    }
    Submission submission{context.options, {}};
    // First the options: the items are judged laid over them.
    if (const auto* const options = object->if_contains("options")) {
        const OptionContext option_context{context.limits.options, context.now};
        const JsonMember member{root, "options", *options};
        if (auto fault = read_job_options(member, option_context, submission.options)) {
            return std::move(*fault);
        }
    }
    if (context.may_be_empty && !object->contains("urls") && !object->contains("requests")) {
        return submission;
    }
    const auto name = list_name(root, *object);
    if (!name) {
        return name.error();
    }
    const JsonMember list{root, *name, object->at(*name)};
    if (auto fault = read_items(list, *name == "urls", context, submission)) {
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
