#include "archive/warc.hpp"

#include <array>
#include <cassert>
#include <charconv>

namespace fanfetch {
namespace {

constexpr std::string_view hex = "0123456789abcdef";

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
    out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

/// As many digits as `width` says, with leading zeros.
void put_digits(char* to, unsigned width, unsigned number) noexcept {
    while (width-- > 0) {
        to[width] = static_cast<char>('0' + number % 10);
        number /= 10;
    }
}

/// The lowest `width` hexadecimal digits.
void put_hex(char* to, unsigned width, std::uint64_t number) noexcept {
    while (width-- > 0) {
        to[width] = hex[number & 15U];
        number >>= 4U;
    }
}

void append_date(std::string& out, WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    std::array<char, 24> text{"0000-00-00T00:00:00.000"};
    put_digits(text.data(), 4, static_cast<unsigned>(static_cast<int>(date.year())));
    put_digits(text.data() + 5, 2, static_cast<unsigned>(date.month()));
    put_digits(text.data() + 8, 2, static_cast<unsigned>(date.day()));
    put_digits(text.data() + 11, 2, static_cast<unsigned>(clock.hours().count()));
    put_digits(text.data() + 14, 2, static_cast<unsigned>(clock.minutes().count()));
    put_digits(text.data() + 17, 2, static_cast<unsigned>(clock.seconds().count()));
    put_digits(text.data() + 20, 3, static_cast<unsigned>(clock.subseconds().count()));
    text[23] = 'Z';
    out.append(text.data(), text.size());
}

/// "<urn:uuid:…>" with 122 random bits.
void append_record_id(std::string& out, Random& random) {
    constexpr std::uint64_t version_4 = 0x4000;
    constexpr std::uint64_t variant = std::uint64_t{1} << 63U;
    const std::uint64_t high = (random.bits() & ~std::uint64_t{0xF000}) | version_4;
    const std::uint64_t low = (random.bits() & ~(std::uint64_t{3} << 62U)) | variant;
    std::array<char, 36> text{"00000000-0000-0000-0000-00000000000"};
    put_hex(text.data(), 8, high >> 32U);
    put_hex(text.data() + 9, 4, high >> 16U);
    put_hex(text.data() + 14, 4, high);
    put_hex(text.data() + 19, 4, low >> 48U);
    put_hex(text.data() + 24, 12, low);
    out.append("<urn:uuid:").append(text.data(), text.size()).append(">");
}

void append_digest(std::string& out, const Sha256& digest) {
    std::array<char, 64> text{};
    for (std::size_t i = 0; i < digest.size(); ++i) {
        text[2 * i] = hex[digest[i] >> 4U];
        text[2 * i + 1] = hex[digest[i] & 15U];
    }
    out.append(text.data(), text.size());
}

constexpr bool printable(char c) noexcept {
    return c > ' ' && c < '\x7F';
}

void append_url(std::string& out, std::string_view url) {
    const char* bad = url.data();
    const char* const end = url.data() + url.size();
    while (bad != end && printable(*bad)) {
        ++bad;
    }
    out.append(url.data(), static_cast<std::size_t>(bad - url.data()));
    for (; bad != end; ++bad) {
        if (printable(*bad)) {
            out += *bad;
            continue;
        }
        const auto byte = static_cast<unsigned char>(*bad);
        out += '%';
        out += hex[byte >> 4U];
        out += hex[byte & 15U];
    }
}

/// Letters, digits and the marks of addresses and protocol names; the rest is dropped.
void append_token(std::string& out, std::string_view token) {
    for (const char c : token) {
        const auto lower = static_cast<char>(c | 0x20);
        if ((c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') || c == '.' || c == ':' ||
            c == '/') {
            out += c;
        }
    }
}

}  // namespace

void append_warc_response(std::string& out, const WarcResponse& response, Random& random) {
    out.append("WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: ");
    append_record_id(out, random);
    out.append("\r\nWARC-Date: ");
    append_date(out, response.fetched_at);
    out.append("\r\nWARC-Target-URI: ");
    append_url(out, response.target_url);
    if (!response.remote_address.empty()) {
        out.append("\r\nWARC-IP-Address: ");
        append_token(out, response.remote_address);
    }
    if (!response.protocol.empty()) {
        out.append("\r\nWARC-Protocol: ");
        append_token(out, response.protocol);
    }
    if (response.payload_left_out) {
        out.append("\r\nWARC-Truncated: unspecified");
    }
    if (response.payload_digest != nullptr) {
        out.append("\r\nWARC-Payload-Digest: sha256:");
        append_digest(out, *response.payload_digest);
    }
    out.append("\r\nContent-Type: application/http;msgtype=response\r\nContent-Length: ");
    append_number(out, response.block_length);
    out.append("\r\n\r\n");
}

void append_warc_erased(
    std::string& out, std::uint64_t record_length, WallTime now, Random& random
) {
    const auto start = out.size();
    out.append("WARC/1.1\r\nWARC-Type: x-erased\r\nWARC-Record-ID: ");
    append_record_id(out, random);
    out.append("\r\nWARC-Date: ");
    append_date(out, now);
    // Padded, so that the header is as long whatever the number is.
    constexpr std::size_t digits = 20;
    out.append("\r\nContent-Length: ");
    const auto front = out.size() - start + digits + 4;
    const auto whole = front + warc_record_end.size();
    const auto block = std::to_string(record_length > whole ? record_length - whole : 0);
    out.append(digits - block.size(), '0').append(block).append("\r\n\r\n");
}

void append_warc_moved(std::string& out, std::uint64_t block_length, WallTime now, Random& random) {
    out.append(warc_moved_front).append("WARC-Record-ID: ");
    append_record_id(out, random);
    out.append("\r\nWARC-Date: ");
    append_date(out, now);
    out.append("\r\nContent-Length: ");
    append_number(out, block_length);
    out.append("\r\n\r\n");
}

void append_warc_metadata(std::string& out, const WarcMetadata& metadata, Random& random) {
    out.append("WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: ");
    append_record_id(out, random);
    out.append("\r\nWARC-Date: ");
    append_date(out, metadata.made_at);
    if (!metadata.target_url.empty()) {
        out.append("\r\nWARC-Target-URI: ");
        append_url(out, metadata.target_url);
    }
    out.append("\r\nContent-Type: application/json\r\nContent-Length: ");
    append_number(out, metadata.block_length);
    out.append("\r\n\r\n");
}

void append_warcinfo(
    std::string& out, std::string_view file_name, WallTime now, Random& random,
    std::size_t padded_to
) {
    assert(padded_to == 0 || padded_to >= warcinfo_min_padded);
    const std::size_t start = out.size();
    out.append("WARC/1.1\r\nWARC-Type: warcinfo\r\nWARC-Record-ID: ");
    append_record_id(out, random);
    out.append("\r\nWARC-Date: ");
    append_date(out, now);
    out.append("\r\nWARC-Filename: ");
    append_token(out, file_name);
    out.append("\r\nContent-Type: application/warc-fields\r\nContent-Length: ");

    std::string block{"software: fanfetch/" FANFETCH_VERSION
                      "\r\nformat: WARC File Format 1.1\r\n"
                      "conformsTo: http://iipc.github.io/warc-specifications/specifications/"
                      "warc-format/warc-1.1/\r\n"};
    if (padded_to == 0) {
        append_number(out, block.size());
        out.append("\r\n\r\n").append(block).append(warc_record_end);
        return;
    }
    // Ten digits with leading zeros, so that the header's length does not depend on the block's.
    constexpr std::size_t width = 10;
    constexpr std::size_t around = width + 4 + warc_record_end.size();
    block.append("padding: ");
    block.append(padded_to - (out.size() - start) - around - block.size() - 2, '.').append("\r\n");
    std::array<char, width> digits{};
    put_digits(digits.data(), width, static_cast<unsigned>(block.size()));
    out.append(digits.data(), width).append("\r\n\r\n").append(block).append(warc_record_end);
}

}  // namespace fanfetch
