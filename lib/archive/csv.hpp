#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fanfetch {

/// Writes one line of comma-separated values into a text, cell by cell; the line's end comes with
/// the end of its life.
///
/// A text that a spreadsheet would take for a formula (it begins with = + - @, TAB, CR or LF) gets
/// an apostrophe in front. So does one that begins with an apostrophe: whoever takes off one
/// apostrophe from the front of a cell has what was written. NUL becomes U+FFFD, since readers stop
/// there.
///
/// Source  RFC 4180 §2; OWASP "CSV Injection"
class CsvLine {
public:
    explicit CsvLine(std::string& out) : out_{out} {}
    ~CsvLine() { out_ += "\r\n"; }
    CsvLine(const CsvLine&) = delete;
    CsvLine& operator=(const CsvLine&) = delete;

    void text(std::string_view value);
    void number(std::uint64_t value);
    void nothing() { separate(); }

private:
    void separate() {
        out_ += first_ ? "" : ",";
        first_ = false;
    }

    std::string& out_;
    bool first_ = true;
};

}  // namespace fanfetch
