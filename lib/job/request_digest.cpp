#include "job/request_digest.hpp"

#include "model/item_extras.hpp"
#include "model/options_json.hpp"

#include <algorithm>
#include <string_view>

namespace fanfetch {

RequestDigester::RequestDigester(const FetchOptions& job) : job_{job}, plain_{to_json(job)} {}

RequestDigest RequestDigester::digest_of(const Item& item) {
    constexpr std::string_view between{"\0", 1};  // stands in no URL
    const std::string_view url{item.url};
    hasher_.reset();
    hasher_.update(url.substr(0, url.find('#')));
    hasher_.update(between);
    hasher_.update(item.extras.empty() ? plain_ : to_json(item_options(job_, item.extras)));
    const auto whole = hasher_.digest();
    RequestDigest digest{};
    std::copy_n(whole.begin(), digest.size(), digest.begin());
    return digest;
}

}  // namespace fanfetch
