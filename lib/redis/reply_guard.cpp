#include "redis/reply_guard.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace fanfetch::redis {

std::size_t ReplyGuard::admit(std::string_view bytes) {
    std::size_t at = 0;
    while (at < bytes.size() && fault_.empty()) {
        if (place_ == place::bulk) {
            const auto skipped = std::min(bulk_left_, bytes.size() - at);
            at += skipped;
            bulk_left_ -= skipped;
            place_ = bulk_left_ == 0 ? place::bulk_return : place::bulk;
            continue;
        }
        step(bytes[at]);
        if (fault_.empty()) {
            ++at;
        }
    }
    return at;
}

void ReplyGuard::step(char byte) {
    switch (place_) {
        case place::type:
            begin_item(byte);
            return;
        case place::number:
            take_digit(byte);
            return;
        case place::line:
            if (byte == '\r') {
                place_ = place::line_feed;
            } else if (byte == '\n') {
                refuse("a line has a bare line feed");
            } else if (++length_ > limits_.line_bytes) {
                refuse("a line is longer than " + std::to_string(limits_.line_bytes) + " bytes");
            }
            return;
        case place::line_feed:
            if (byte != '\n') {
                refuse("a line has a bare carriage return");
            } else {
                end_line();
            }
            return;
        case place::bulk_return:
        case place::bulk_feed:
            if (byte != (place_ == place::bulk_return ? '\r' : '\n')) {
                refuse("a string does not end where it should");
            } else if (place_ == place::bulk_return) {
                place_ = place::bulk_feed;
            } else {
                end_item();
            }
            return;
        case place::bulk:
            return;  // skipped by admit
    }
}

void ReplyGuard::begin_item(char type) {
    constexpr std::string_view lines = "+-";
    constexpr std::string_view numbers = ":$*";
    type_ = type;
    length_ = 0;
    if (lines.find(type) != lines.npos) {
        place_ = place::line;
    } else if (numbers.find(type) == numbers.npos) {
        refuse("no reply begins with byte " + std::to_string(static_cast<unsigned char>(type)));
    } else if (type == '*' && depth_ == most_nesting) {
        refuse("more than " + std::to_string(most_nesting) + " arrays inside each other");
    } else {
        place_ = place::number;
    }
}

void ReplyGuard::take_digit(char byte) {
    if (byte == '\r') {
        place_ = place::line_feed;
    } else if (byte != '-' && (byte < '0' || byte > '9')) {
        refuse("a number has other bytes than digits");
    } else if (length_ == digits_.size()) {
        refuse("a number is too long");
    } else {
        digits_[length_++] = byte;
    }
}

void ReplyGuard::end_line() {
    std::int64_t number = 0;
    if (type_ == '+' || type_ == '-') {
        end_item();
    } else if (!read_number(number)) {
        refuse("a number is misspelt or out of range");
    } else if (type_ == ':') {
        end_item();
    } else if (number < -1) {
        refuse("a size below nothing");
    } else if (number == -1) {  // the absent string, the absent array
        end_item();
    } else if (type_ == '$') {
        begin_bulk(number);
    } else {
        begin_array(number);
    }
}

bool ReplyGuard::read_number(std::int64_t& number) const noexcept {
    const std::string_view text{digits_.data(), length_};
    const auto magnitude = text.substr(text.starts_with('-') ? 1 : 0);
    if (magnitude.starts_with('0') && text != "0") {
        return false;  // "-0", "007": one spelling for each number
    }
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}

void ReplyGuard::begin_bulk(std::int64_t size) {
    if (static_cast<std::uint64_t>(size) > limits_.bulk_bytes) {
        refuse(
            "a string of " + std::to_string(size) + " bytes, more than " +
            std::to_string(limits_.bulk_bytes)
        );
        return;
    }
    bulk_left_ = static_cast<std::size_t>(size);
    place_ = size == 0 ? place::bulk_return : place::bulk;
}

void ReplyGuard::begin_array(std::int64_t count) {
    if (static_cast<std::uint64_t>(count) > limits_.elements - elements_) {
        refuse("more than " + std::to_string(limits_.elements) + " elements");
        return;
    }
    if (count == 0) {
        end_item();
        return;
    }
    elements_ += static_cast<std::size_t>(count);
    left_[depth_++] = static_cast<std::size_t>(count);
    place_ = place::type;
}

void ReplyGuard::end_item() {
    place_ = place::type;
    while (depth_ > 0 && --left_[depth_ - 1] == 0) {
        --depth_;
    }
    if (depth_ == 0) {
        elements_ = 0;
    }
}

}  // namespace fanfetch::redis
