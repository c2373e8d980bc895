#pragma once

#include "base/expected.hpp"
#include "job/request_digest.hpp"
#include "model/item.hpp"
#include "net/egress_rules.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace fanfetch {

/// What a submission would come to, found out without resolving a name or fetching anything, in
/// memory that does not grow with it: each list has its first 1,000 entries beside the number of
/// all, and an item is compared with the first 262,144 different ones.
///
/// Threads  one owner at a time
class Validation {
public:
    /// Without `rules` nothing is blocked.
    Validation(const FetchOptions& job, std::shared_ptr<const EgressRules> rules);

    void take(const Item& item);

    /// `{total, valid, invalid, duplicates, blocked, …}` as the API answers it.
    [[nodiscard]] std::string text() const;

    static constexpr std::size_t most_listed = 1000;
    static constexpr std::size_t most_remembered = 262'144;

private:
    struct Fault {
        std::uint64_t index = 0;
        std::string url;
        Failure failure;
    };
    struct Repetition {
        std::uint64_t index = 0;
        std::uint64_t of = 0;
    };
    template <class Entry>
    struct List {
        std::uint64_t total = 0;
        std::vector<Entry> first;

        void add(Entry entry) {
            ++total;
            if (first.size() < most_listed) {
                first.push_back(std::move(entry));
            }
        }
    };
    struct HashDigest {
        std::size_t operator()(const RequestDigest& digest) const noexcept;
    };

    [[nodiscard]] std::optional<Failure> fault_of(const Item& item) const;
    static void append(std::string& out, const List<Fault>& faults);

    std::shared_ptr<const EgressRules> rules_;
    RequestDigester digester_;
    std::uint64_t total_ = 0;
    List<Fault> invalid_;
    List<Fault> blocked_;
    List<Repetition> duplicates_;
    std::unordered_map<RequestDigest, std::uint32_t, HashDigest> seen_;
    bool compared_all_ = true;
};

}  // namespace fanfetch
