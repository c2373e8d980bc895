#include "model/callback.hpp"
#include "model/options_reader.hpp"
#include "model/request_rules.hpp"

#include <array>
#include <span>
#include <string>
#include <utility>

namespace fanfetch {
namespace {

using CallbackRow = MemberRow<CallbackOrder, OptionContext>;

constexpr std::size_t most_fields = 20;
constexpr std::size_t longest_fields = 4U << 10U;

Fault read_url(const JsonMember& member, CallbackOrder& order, const OptionContext& context) {
    const auto* const text = member.value().if_string();
    if (text == nullptr) {
        return member.unexpected("an http or https URL");
    }
    auto url = Url::parse(*text);
    if (!url) {
        return member.refused(url.error().detail);
    }
    if (context.limits.why_not_callback) {
        if (auto refused = context.limits.why_not_callback(*url)) {
            refused->members.push_back({member.pointer(), refused->detail});
            return refused;
        }
    }
    auto href = std::move(*url).href();
    order.url = href.substr(0, href.find('#'));  // a fragment is never sent
    return std::nullopt;
}

Fault read_events(const JsonMember& member, CallbackOrder& order, const OptionContext&) {
    EventSet events;
    auto fault = read_list(member, webhook_event_words.size(), [&](const JsonMember& element) {
        const auto* const text = element.value().if_string();
        const auto event = text == nullptr ? std::nullopt : parse_webhook_event(*text);
        if (!event) {
            return Fault{element.unexpected(one_of(webhook_event_words))};
        }
        events.add(*event);
        return Fault{};
    });
    if (!fault && events.empty()) {
        return member.refused("a callback without an event is never called");
    }
    order.events = events;
    return fault;
}

Fault read_fields(const JsonMember& member, CallbackOrder& order, const OptionContext&) {
    const auto* const object = member.value().if_object();
    if (object == nullptr) {
        return member.unexpected("an object of header fields");
    }
    std::size_t bytes = 0;
    const auto read = [&](const JsonMember& child, std::string_view name) -> Fault {
        const auto* const text = child.value().if_string();
        if (text == nullptr) {
            return child.unexpected("a text");
        }
        auto why = why_not_header(name, *text);
        why = why ? std::move(why) : why_not_callback_header(name);
        if (why) {
            return child.refused(*why);
        }
        bytes += name.size() + text->size();
        order.headers.push_back({std::string{name}, std::string{*text}});
        return std::nullopt;
    };
    if (auto fault = read_entries(member, *object, read)) {
        return fault;
    }
    if (order.headers.size() > most_fields || bytes > longest_fields) {
        return member.refused("more than 20 header fields or 4 KiB of them");
    }
    return std::nullopt;
}

Fault read_secret_text(const JsonMember& member, CallbackOrder& order) {
    const auto* const text = member.value().if_string();
    if (text == nullptr || !webhook_key(*text)) {
        return member.unexpected("whsec_ and 24 to 64 bytes in base64");
    }
    order.secrets.emplace_back(*text);
    return std::nullopt;
}

/// One, or several of which each signs, so that a receiver can change from one to the other.
Fault read_secret(const JsonMember& member, CallbackOrder& order, const OptionContext&) {
    if (!member.value().is_array()) {
        return read_secret_text(member, order);
    }
    auto fault = read_list(member, most_secrets, [&order](const JsonMember& element) {
        return read_secret_text(element, order);
    });
    if (!fault && order.secrets.empty()) {
        return member.refused("a list of secrets has one at least");
    }
    return fault;
}

constexpr std::array callback_rows{
    CallbackRow{"url", read_url}, CallbackRow{"events", read_events},
    CallbackRow{"headers", read_fields}, CallbackRow{"secret", read_secret}};

}  // namespace

Fault read_callback(const JsonMember& member, const OptionContext& context, CallbackOrder& order) {
    const std::span<const CallbackRow> rows{callback_rows};
    if (auto fault = read_members<CallbackOrder, OptionContext>(member, rows, order, context)) {
        return fault;
    }
    if (order.url.empty()) {
        return member.refused("there is no url");
    }
    return std::nullopt;
}

}  // namespace fanfetch
