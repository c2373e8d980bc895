#include "archive/csv.hpp"

namespace fanfetch {
namespace {

constexpr std::string_view formula_starts = "=+-@\t\r\n'";
constexpr std::string_view wants_quotes = ",\"\r\n";
constexpr std::string_view replacement = "\xEF\xBF\xBD";

}  // namespace

void CsvLine::text(std::string_view value) {
    separate();
    if (value.empty()) {
        return;
    }
    const bool neutralised = formula_starts.find(value.front()) != std::string_view::npos;
    const bool quoted = value.find_first_of(wants_quotes) != std::string_view::npos ||
                        value.front() == ' ' || value.back() == ' ';
    out_ += quoted ? "\"" : "";
    out_ += neutralised ? "'" : "";
    for (const char byte : value) {
        if (byte == '\0') {
            out_ += replacement;
            continue;
        }
        out_ += byte;
        if (byte == '"') {
            out_ += byte;
        }
    }
    out_ += quoted ? "\"" : "";
}

void CsvLine::number(std::uint64_t value) {
    separate();
    out_ += std::to_string(value);
}

}  // namespace fanfetch
