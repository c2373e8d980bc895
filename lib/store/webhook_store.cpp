#include "store/webhook_store.hpp"

#include "url/url.hpp"

namespace fanfetch {

std::string endpoint_of(std::string_view url) {
    const auto read = Url::parse(url);
    return read ? std::string{read->scheme()} + "://" + read->host_key() : std::string{};
}

}  // namespace fanfetch
