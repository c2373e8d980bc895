#include "api/json.hpp"

#include "model/json_member.hpp"

#include <boost/json/array.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/object.hpp>

#include <charconv>
#include <optional>
#include <string>
#include <vector>

namespace fanfetch {
namespace {

namespace json = boost::json;

constexpr std::size_t deepest = 32;
constexpr std::size_t most_members = 1'000;

/// Builds the document from the parser's events. Containers are filled in place, so that the
/// pointers to the open ones stay good: a parent does not change while its child grows.
class Builder {
public:
    static constexpr std::size_t max_object_size = most_members;
    static constexpr std::size_t max_array_size = json::array::max_size();
    static constexpr std::size_t max_key_size = 1'024;
    static constexpr std::size_t max_string_size = json::string::max_size();

    json::value root;
    std::optional<std::string> repeated;  // the pointer of a member that occurs twice

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }

    bool on_object_begin(json::error_code&) { return open(json::object{}); }
    bool on_object_end(std::size_t, json::error_code&) { return close(); }
    bool on_array_begin(json::error_code&) { return open(json::array{}); }
    bool on_array_end(std::size_t, json::error_code&) { return close(); }

    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        text_.append(part.data(), part.size());
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code& error) {
        text_.append(part.data(), part.size());
        if (open_.back()->get_object().contains(text_)) {
            repeated = pointer();
            error = json::error::syntax;
            return false;
        }
        keys_.back() = std::move(text_);
        text_.clear();
        return true;
    }

    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        text_.append(part.data(), part.size());
        return true;
    }
    bool on_string(json::string_view part, std::size_t, json::error_code&) {
        if (text_.empty()) {
            add(json::string{part});
            return true;
        }
        text_.append(part.data(), part.size());
        add(json::string{text_});
        text_.clear();
        return true;
    }

    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t number, json::string_view, json::error_code&) {
        add(number);
        return true;
    }
    bool on_uint64(std::uint64_t number, json::string_view, json::error_code&) {
        add(number);
        return true;
    }
    // The parser's own conversion may be off by a unit in the last place, from_chars is not; the
    // text is whole, because the document comes in one piece.
    bool on_double(double rough, json::string_view text, json::error_code& error) {
        double exact = 0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), exact);
        const bool integer = text.find_first_of(".eE") == json::string_view::npos;
        const bool too_small = problem == std::errc::result_out_of_range && rough < 1 && rough > -1;
        if (integer || (problem != std::errc{} && !too_small)) {
            error = json::error::not_exact;
            return false;
        }
        add(too_small ? 0.0 : exact);
        return true;
    }
    bool on_bool(bool truth, json::error_code&) {
        add(truth);
        return true;
    }
    bool on_null(json::error_code&) {
        add(nullptr);
        return true;
    }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

private:
    template <class Value>
    json::value& add(Value&& value) {
        if (open_.empty()) {
            return root = json::value(std::forward<Value>(value));
        }
        if (auto* const array = open_.back()->if_array()) {
            return array->emplace_back(std::forward<Value>(value));
        }
        const auto [place, added] =
            open_.back()->get_object().emplace(keys_.back(), std::forward<Value>(value));
        return place->value();
    }

    template <class Container>
    bool open(Container&& container) {
        open_.push_back(&add(std::forward<Container>(container)));
        keys_.emplace_back();
        return true;
    }

    bool close() {
        open_.pop_back();
        keys_.pop_back();
        return true;
    }

    /// Where the member called `text_` of the innermost object is.
    [[nodiscard]] std::string pointer() const {
        std::string path;
        for (std::size_t level = 0; level < open_.size(); ++level) {
            const auto& container = *open_[level];
            const bool innermost = level + 1 == open_.size();
            path += container.is_array() ? "/" + std::to_string(container.get_array().size() - 1)
                                         : pointer_token(innermost ? text_ : keys_[level]);
        }
        return path;
    }

    std::vector<json::value*> open_;
    std::vector<std::string> keys_;  // of the member being read, level by level
    std::string text_;               // a key or string that comes in parts
};

std::string_view reason(const json::error_code& error) {
    if (error == json::error::incomplete) {
        return "it ends too early";
    }
    if (error == json::error::too_deep) {
        return "nested more than 32 levels deep";
    }
    if (error == json::error::object_too_large) {
        return "an object of more than 1,000 members";
    }
    if (error == json::error::key_too_large) {
        return "a member's name of more than 1 KiB";
    }
    if (error == json::error::not_exact || error == json::error::exponent_overflow) {
        return "a number out of range";
    }
    if (error == json::error::extra_data) {
        return "more text after its end";
    }
    if (error == json::error::illegal_leading_surrogate ||
        error == json::error::illegal_trailing_surrogate ||
        error == json::error::expected_utf16_escape) {
        return "half of a surrogate pair";
    }
    return "not JSON in UTF-8";
}

Failure unreadable(const json::error_code& error, std::size_t offset) {
    return failed(
        failure_code::api_bad_request,
        "reading JSON: " + std::string{reason(error)} + " at byte " + std::to_string(offset)
    );
}

}  // namespace

Expected<json::value> parse_json(std::string_view text) {
    json::parse_options options;
    options.max_depth = deepest;
    json::basic_parser<Builder> parser{options};
    json::error_code error;
    const auto offset = parser.write_some(false, text.data(), text.size(), error);
    auto& builder = parser.handler();
    if (builder.repeated) {
        Failure failure = failed(
            failure_code::api_invalid,
            "reading JSON: a member occurs twice at byte " + std::to_string(offset)
        );
        failure.members.push_back({std::move(*builder.repeated), failure.detail});
        return failure;
    }
    if (!error && offset < text.size()) {
        error = json::error::extra_data;
    }
    if (error) {
        return unreadable(error, error == json::error::incomplete ? text.size() : offset);
    }
    return std::move(builder.root);
}

}  // namespace fanfetch
