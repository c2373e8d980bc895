#include "extract/transcoder.hpp"

#include <iconv.h>

#include <cerrno>
#include <cstdint>
#include <vector>

namespace fanfetch {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Converts all of `bytes`, with a replacement for each byte that cannot be.
std::string convert(iconv_t converter, std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size() + bytes.size() / 8);
    (void)::iconv(converter, nullptr, nullptr, nullptr, nullptr);
    std::vector<char> buffer(std::size_t{64} << 10U);
    // iconv's prototype predates const; it does not write there.
    char* in = const_cast<char*>(bytes.data());
    std::size_t left = bytes.size();
    while (left > 0) {
        char* to = buffer.data();
        std::size_t room = buffer.size();
        const auto done = ::iconv(converter, &in, &left, &to, &room);
        const int error = done == static_cast<std::size_t>(-1) ? errno : 0;
        out.append(buffer.data(), static_cast<std::size_t>(to - buffer.data()));
        if (error == EILSEQ) {
            out += replacement;
            ++in;
            --left;
        } else if (error == EINVAL) {  // it ends within a character
            out += replacement;
            left = 0;
        }
    }
    return out;
}

}  // namespace

Transcoder::Transcoder() noexcept = default;

Transcoder::~Transcoder() {
    for (void* const open : converters_) {
        if (open != nullptr) {
            ::iconv_close(open);
        }
    }
}

void Transcoder::open_all() noexcept {
    for (const auto& encoding : encodings()) {
        (void)converter(encoding);
    }
}

void* Transcoder::converter(const Encoding& encoding) noexcept {
    const auto number = static_cast<std::size_t>(&encoding - encodings().data());
    if (!tried_[number]) {
        tried_[number] = true;
        const iconv_t opened = ::iconv_open("UTF-8", encoding.iconv.data());
        const auto failed = reinterpret_cast<std::intptr_t>(opened) == -1;
        converters_[number] = failed ? nullptr : opened;
    }
    return converters_[number];
}

Transcoder::Text Transcoder::to_utf8(std::string_view bytes, const Encoding& encoding) {
    Text text;
    text.encoding = encoding.name;
    void* open = converter(encoding);
    if (open == nullptr) {
        const auto& fallback = *find_encoding("windows-1252");
        text.encoding = fallback.name;
        open = converter(fallback);
    }
    if (open == nullptr) {  // not even that: bytes beyond ASCII are lost, the tags are not
        text.encoding = "UTF-8";
        open = converter(*find_encoding("utf-8"));
    }
    text.utf8 = convert(open, bytes);
    if (text.utf8.starts_with(byte_order_mark)) {
        text.utf8.erase(0, byte_order_mark.size());
    }
    return text;
}

}  // namespace fanfetch
