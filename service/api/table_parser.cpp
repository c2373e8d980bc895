#include "api/table_parser.hpp"

#include <utility>

namespace fanfetch {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

}  // namespace

void TableParser::feed(std::string_view piece, std::vector<TableRow>& rows) {
    for (const char c : piece) {
        if (at_start_) {
            if (bom_seen_ < byte_order_mark.size() && c == byte_order_mark[bom_seen_]) {
                at_start_ = ++bom_seen_ < byte_order_mark.size();
                continue;
            }
            at_start_ = false;
            for (const char held : byte_order_mark.substr(0, bom_seen_)) {
                take(held, rows);  // it was the beginning of something else
            }
        }
        take(c, rows);
    }
}

void TableParser::finish(std::vector<TableRow>& rows) {
    if (std::exchange(at_start_, false)) {
        for (const char held : byte_order_mark.substr(0, bom_seen_)) {
            take(held, rows);
        }
    }
    if (place_ == place::quoted) {
        refuse("a quote is not closed");
    }
    if (size_ > 0 || !row_.fault.empty()) {
        end_row(rows);
    }
}

void TableParser::take(char c, std::vector<TableRow>& rows) {
    if (c == '\n') {
        ++line_;
        if (place_ == place::quoted) {
            if (std::exchange(cr_pending_, false)) {
                put('\r');
            }
            put(c);
            return;
        }
        cr_pending_ = false;
        end_row(rows);
        return;
    }
    if (std::exchange(cr_pending_, false)) {
        // It ended no line. In quotes it is text; elsewhere it is nothing that a cell may hold.
        if (place_ == place::quoted) {
            put('\r');
        } else {
            refuse("a CR stands within a line");
        }
    }
    if (c == '\r') {
        cr_pending_ = true;
        return;
    }
    const char separator = dialect_ == table_dialect::csv ? ',' : '\t';
    const bool quote = c == '"' && dialect_ == table_dialect::csv;
    switch (place_) {
        case place::fault:
            ++size_;
            return;
        case place::cell_start:
            if (quote) {
                ++size_;
                place_ = place::quoted;
                return;
            }
            place_ = place::bare;
            [[fallthrough]];
        case place::bare:
            if (c == separator) {
                ++size_;
                end_cell();
            } else if (quote) {
                refuse("a quote stands within a cell that is not quoted");
            } else {
                put(c);
            }
            return;
        case place::quoted:
            if (quote) {
                ++size_;
                place_ = place::quote_in_quoted;
            } else {
                put(c);
            }
            return;
        case place::quote_in_quoted:
            if (quote) {
                place_ = place::quoted;
                put(c);
            } else if (c == separator) {
                ++size_;
                end_cell();
            } else {
                refuse("there is text behind a closing quote");
            }
            return;
    }
}

void TableParser::put(char c) {
    if (place_ == place::fault) {
        return;
    }
    if (++size_ > longest_row) {
        refuse("longer than " + std::to_string(longest_row) + " bytes");
        return;
    }
    cell_ += c;
}

void TableParser::end_cell() {
    if (row_.cells.size() == most_cells) {
        refuse("more than " + std::to_string(most_cells) + " cells");
        return;
    }
    row_.cells.push_back(std::exchange(cell_, {}));
    place_ = place::cell_start;
}

void TableParser::end_row(std::vector<TableRow>& rows) {
    const bool blank = size_ == 0 && row_.cells.empty();
    if (place_ != place::fault && !blank) {
        end_cell();
    }
    if (!row_.fault.empty()) {
        row_.cells.clear();
    }
    if (!blank || !row_.fault.empty()) {
        rows.push_back(std::move(row_));
    }
    row_ = TableRow{line_, {}, {}};
    cell_.clear();
    size_ = 0;
    place_ = place::cell_start;
}

/// The row is of no use; what is left of its line is read over.
void TableParser::refuse(std::string_view why) {
    if (row_.fault.empty()) {
        row_.fault = why;
    }
    place_ = place::fault;
    row_.cells.clear();
    cell_.clear();
    ++size_;
}

}  // namespace fanfetch
