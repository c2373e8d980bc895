#include "model/job_patch.hpp"

#include <array>
#include <utility>

namespace fanfetch {
namespace {

constexpr std::array changeable{
    std::string_view{"concurrency"}, std::string_view{"per_host"}, std::string_view{"priority"},
    std::string_view{"deadline"},    std::string_view{"ttl"},      std::string_view{"metadata"},
};

Fault read_per_host(const JsonMember& member, const OptionContext& context, JobPatch& patch) {
    const auto* const object = member.value().if_object();
    if (object == nullptr) {
        return member.unexpected("an object");
    }
    auto given = *object;
    if (const auto* const rate = given.if_contains("rate"); rate != nullptr && rate->is_null()) {
        patch.per_host_rate = 0;
        given.erase("rate");
    }
    const boost::json::value rest(given);
    const auto pointer = member.pointer();
    const JsonMember whole{rest, pointer};
    JobOptions read;
    if (auto fault = read_job_option(whole, "per_host", context, read)) {
        return fault;
    }
    if (given.contains("rate")) {
        patch.per_host_rate = read.per_host_rate;
    }
    if (given.contains("concurrency")) {
        patch.per_host_concurrency = read.per_host_concurrency;
    }
    return std::nullopt;
}

Fault read_one(
    const JsonMember& member, std::string_view name, const OptionContext& context, JobPatch& patch
) {
    const bool taken_away = member.value().is_null();
    if (name == "per_host") {
        return read_per_host(member, context, patch);
    }
    if (name == "deadline" && taken_away) {
        patch.deadline.emplace();
        return std::nullopt;
    }
    if (name == "metadata" && taken_away) {
        patch.metadata.emplace();
        return std::nullopt;
    }
    JobOptions read;
    if (auto fault = read_job_option(member, name, context, read)) {
        return fault;
    }
    if (name == "concurrency") {
        patch.concurrency = read.concurrency;
    } else if (name == "priority") {
        patch.priority = read.priority;
    } else if (name == "deadline") {
        patch.deadline = read.deadline;
    } else if (name == "ttl") {
        patch.ttl = read.ttl;
    } else {
        patch.metadata = std::move(read.metadata);
    }
    return std::nullopt;
}

}  // namespace

JobOptions patched(JobOptions options, const JobPatch& patch) {
    options.concurrency = patch.concurrency.value_or(options.concurrency);
    options.per_host_concurrency =
        patch.per_host_concurrency.value_or(options.per_host_concurrency);
    options.per_host_rate = patch.per_host_rate.value_or(options.per_host_rate);
    options.priority = patch.priority.value_or(options.priority);
    options.deadline = patch.deadline.value_or(options.deadline);
    options.ttl = patch.ttl.value_or(options.ttl);
    options.metadata = patch.metadata.value_or(std::move(options.metadata));
    return options;
}

Fault read_job_patch(const JsonMember& member, const OptionContext& context, JobPatch& patch) {
    const auto* const object = member.value().if_object();
    if (object == nullptr) {
        return member.unexpected("an object");
    }
    return read_entries(member, *object, [&](const JsonMember& child, std::string_view name) {
        return std::ranges::count(changeable, name) == 0
                   ? child.refused("there is no such member, or it cannot be changed")
                   : read_one(child, name, context, patch);
    });
}

}  // namespace fanfetch
