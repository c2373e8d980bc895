#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// How the cells of a table are told apart.
enum class table_dialect : std::uint8_t {
    csv,  ///< commas; a cell in quotes may hold commas, quotes (doubled) and line ends
    tsv,  ///< tabs; nothing is quoted
};

/// One row of a table.
struct TableRow {
    std::uint64_t line = 0;  ///< where it begins, from 1
    std::vector<std::string> cells;
    std::string fault;  ///< why it cannot be read; empty: it can
};

/// Takes a table apart as it arrives, in bounded memory.
///
/// Lines end in LF or CRLF, the last one also with the table; blank lines and a byte order mark at
/// the very start are skipped. A row that breaks the rules (a quote within a bare cell, text behind
/// a closing quote, no closing quote, too long, too many cells) comes out with a fault, and
/// reading goes on behind the next LF: a quote that is never closed costs at most one row's bound.
///
/// Units    a row has at most 64 KiB and 256 cells
/// Threads  one owner at a time
/// Source   RFC 4180 §2; https://www.iana.org/assignments/media-types/text/tab-separated-values
class TableParser {
public:
    explicit TableParser(table_dialect dialect) noexcept : dialect_{dialect} {}

    /// Reads the next piece, however it is cut, and appends the rows it completes.
    void feed(std::string_view piece, std::vector<TableRow>& rows);
    /// The table has ended.
    void finish(std::vector<TableRow>& rows);

    static constexpr std::size_t longest_row = 64U << 10U;
    static constexpr std::size_t most_cells = 256;

private:
    enum class place : std::uint8_t { cell_start, bare, quoted, quote_in_quoted, fault };

    void take(char c, std::vector<TableRow>& rows);
    void put(char c);
    void end_cell();
    void end_row(std::vector<TableRow>& rows);
    void refuse(std::string_view why);

    table_dialect dialect_;
    place place_ = place::cell_start;
    bool cr_pending_ = false;  // a CR that may belong to the line's end
    std::size_t bom_seen_ = 0;
    bool at_start_ = true;  // nothing but a byte order mark so far
    std::uint64_t line_ = 1;
    TableRow row_{1, {}, {}};
    std::string cell_;
    std::size_t size_ = 0;  // of the row so far
};

}  // namespace fanfetch
