// F1: URLs.

#include "../unit/url/invariants.hpp"
#include "../unit/url/second_reader.hpp"

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string_view>

// The input is one line, read as a URL; what follows the first line feed, if anything, is read as
// a reference relative to it. Crashes are for the sanitizers; the oracles are that every URL keeps
// its promises (idempotent, harmless bytes only, parts that add up), that the short way and the
// full parser never disagree, and that a second reader, where it can tell, finds the same host.
namespace {

using fanfetch::Url;
using fanfetch::testing::both_ways_agree;
using fanfetch::testing::broken_promise;
using fanfetch::testing::same_place;

void require(const std::string& complaint, std::string_view input) {
    if (!complaint.empty()) {
        std::cerr << complaint << ": " << input << '\n';
        std::abort();
    }
}

void check(const fanfetch::Expected<Url>& url, std::string_view input) {
    if (url) {
        require(broken_promise(*url), input);
    } else if (url.error().detail.empty()) {
        require("refused without a reason", input);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    const auto line = input.substr(0, input.find('\n'));
    const auto url = Url::parse(line);
    check(url, input);
    if (line.size() <= Url::max_length) {
        require(both_ways_agree(line) ? "" : "the short way disagrees", input);
    }
    if (url) {
        require(same_place(line, *url) ? "" : "a second reader finds another host", input);
    }
    if (url && line.size() < input.size()) {
        check(url->resolve(input.substr(line.size() + 1)), input);
    }
    return 0;
}
