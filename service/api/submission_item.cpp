#include "api/submission_item.hpp"

#include "base/json_text.hpp"
#include "model/item_extras.hpp"
#include "url/url.hpp"

#include <string>
#include <utility>

namespace fanfetch {
namespace {

void read_url(std::string_view text, Item& item) {
    auto url = Url::parse(text);
    if (url) {
        item.url = std::move(*url).href();
        return;
    }
    item.url = cut_utf8(text, Url::max_length);
    item.failure = std::move(url).error();
}

Fault read_url_member(const JsonMember& request, const boost::json::object& object, Item& item) {
    const auto* const url = object.if_contains("url");
    if (url == nullptr) {
        return request.refused("there is no url");
    }
    const auto* const text = url->if_string();
    if (text == nullptr) {
        return JsonMember{request, "url", *url}.unexpected("a text");
    }
    read_url(*text, item);
    return std::nullopt;
}

}  // namespace

Item plain_item(std::uint64_t index, std::string_view url) {
    Item item;
    item.index = index;
    read_url(url, item);
    return item;
}

Fault read_request(
    const JsonMember& request, const FetchOptions& job, const OptionContext& context, Item& item
) {
    if (const auto* const text = request.value().if_string()) {
        read_url(*text, item);
        return std::nullopt;
    }
    const auto* const object = request.value().if_object();
    if (object == nullptr) {
        return request.unexpected("a URL or a request object");
    }
    Faults faults;
    faults.add(read_url_member(request, *object, item));
    if (object->size() > 1) {
        faults.add(make_item_extras(request, job, context, item.extras));
    }
    return std::move(faults).joined();
}

}  // namespace fanfetch
