#pragma once

#include "net/resolver.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace fanfetch::testing {

/// A resolver that says what the test says, at once, and remembers who asked for what.
class FakeResolver final : public Resolver {
public:
    void answer(std::string host, std::vector<std::string> addresses) {
        Answer answer;
        for (const std::string& text : addresses) {
            answer.addresses.push_back(IpAddress::parse(text).value());
        }
        answers_.insert_or_assign(std::move(host), Expected<Answer>{std::move(answer)});
    }
    void fail(std::string host, failure_code code) {
        answers_.insert_or_assign(
            std::move(host), Expected<Answer>{failed(code, "resolving the name: as scripted")}
        );
    }

    [[nodiscard]] const std::vector<std::string>& asked() const noexcept { return asked_; }

    awaitable<Expected<Answer>> resolve(std::string host, Steady::time_point, std::string tenant)
        override {
        asked_.push_back(tenant + " " + host);
        const auto found = answers_.find(host);
        if (found == answers_.end()) {
            co_return failed(failure_code::dns_nxdomain, "resolving the name: not scripted");
        }
        co_return found->second;
    }

private:
    std::map<std::string, Expected<Answer>, std::less<>> answers_;
    std::vector<std::string> asked_;
};

}  // namespace fanfetch::testing
