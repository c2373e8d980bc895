#include "api/validation.hpp"

#include "api/json_writer.hpp"
#include "api/result_json.hpp"
#include "net/egress_book.hpp"
#include "url/url.hpp"

#include <cstring>
#include <utility>

namespace fanfetch {

std::size_t Validation::HashDigest::operator()(const RequestDigest& digest) const noexcept {
    std::size_t hash = 0;  // a part of a digest is as good a hash as any
    std::memcpy(&hash, digest.data(), sizeof hash);
    return hash;
}

Validation::Validation(const FetchOptions& job, std::shared_ptr<const EgressRules> rules)
    : rules_{std::move(rules)}, digester_{job} {}

void Validation::take(const Item& item) {
    const auto index = total_++;
    if (item.failure) {
        invalid_.add({index, item.url, *item.failure});
        return;
    }
    if (auto fault = fault_of(item)) {
        blocked_.add({index, item.url, *std::move(fault)});
    }
    const auto digest = digester_.digest_of(item);
    const auto known = seen_.find(digest);
    if (known != seen_.end()) {
        duplicates_.add({index, known->second});
    } else if (seen_.size() < most_remembered) {
        seen_.emplace(digest, static_cast<std::uint32_t>(index));
    } else {
        compared_all_ = false;
    }
}

std::optional<Failure> Validation::fault_of(const Item& item) const {
    const auto url = Url::parse(item.url);
    if (rules_ == nullptr || !url) {
        return std::nullopt;
    }
    const auto allowed = judge_unresolved(*rules_, *url);
    return allowed ? std::nullopt : std::optional{allowed.error()};
}

void Validation::append(std::string& out, const List<Fault>& faults) {
    out += '[';
    for (const auto& fault : faults.first) {
        out += out.back() == '[' ? "" : ",";
        JsonObjectWriter object{out};
        object.number("index", fault.index);
        object.text("url", fault.url);
        append_item_error(
            object.name("error"), fault.failure.code, fault.failure.http_status,
            fault.failure.detail, RetryOptions{}
        );
    }
    out += ']';
}

std::string Validation::text() const {
    std::string out;
    {
        JsonObjectWriter object{out};
        object.number("total", total_);
        object.number("valid", total_ - invalid_.total - blocked_.total);
        append(object.name("invalid"), invalid_);
        object.number("invalid_total", invalid_.total);
        auto& list = object.name("duplicates");
        list += '[';
        for (const auto& repetition : duplicates_.first) {
            list += list.back() == '[' ? "" : ",";
            JsonObjectWriter entry{list};
            entry.number("index", repetition.index);
            entry.number("of", repetition.of);
        }
        list += ']';
        object.number("duplicates_total", duplicates_.total);
        append(object.name("blocked"), blocked_);
        object.number("blocked_total", blocked_.total);
        const auto cut = [](const auto& faults) { return faults.total > faults.first.size(); };
        object.flag(
            "truncated", cut(invalid_) || cut(blocked_) || cut(duplicates_) || !compared_all_
        );
    }
    return out;
}

}  // namespace fanfetch
