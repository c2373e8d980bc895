#include "api/table_reader.hpp"

#include "api/submission_item.hpp"

#include <boost/json/object.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace fanfetch {
namespace {

namespace json = boost::json;

constexpr std::string_view transfer_list = "TsvHttpData-1.0";

bool is_known(std::string_view heading) noexcept {
    return heading == "url" || heading == "size" || heading == "md5" || heading == "sha256" ||
           heading == "id";
}

std::string_view trim(std::string_view text) noexcept {
    const auto from = text.find_first_not_of(" \t");
    if (from == std::string_view::npos) {
        return {};
    }
    return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

std::string lower(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    });
    return text;
}

/// A number, or the text itself, which is refused as what it is.
json::value size_of(std::string_view cell) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), number);
    if (error == std::errc{} && end == cell.data() + cell.size()) {
        return number;
    }
    return json::value(json::string_view{cell.data(), cell.size()});
}

json::value text_of(std::string_view cell) {
    return json::value(json::string_view{cell.data(), cell.size()});
}

Failure bad_headings(const TableRow& row, std::string_view why) {
    return failed(
        failure_code::api_invalid,
        "reading the headings in line " + std::to_string(row.line) + ": " + std::string{why}
    );
}

}  // namespace

TableReader::TableReader(table_dialect dialect, SubmissionContext context)
    : dialect_{dialect},
      context_{std::move(context)},
      parser_{dialect},
      next_index_{context_.first_index} {}

Expected<void> TableReader::feed(std::string_view piece, std::vector<Item>& items) {
    // A piece may hold very many short rows: they are taken a part at a time.
    constexpr std::size_t at_a_time = 4096;
    while (!piece.empty()) {
        parser_.feed(piece.substr(0, at_a_time), rows_);
        piece.remove_prefix(std::min(piece.size(), at_a_time));
        if (auto taken = take(rows_, items); !taken) {
            return taken;
        }
    }
    return {};
}

Expected<void> TableReader::finish(std::vector<Item>& items) {
    parser_.finish(rows_);
    if (auto taken = take(rows_, items); !taken) {
        return taken;
    }
    if (items_read() == 0 && !context_.may_be_empty) {
        return failed(failure_code::job_empty, "reading the items: the upload has none");
    }
    return {};
}

Expected<void> TableReader::take(std::vector<TableRow>& rows, std::vector<Item>& items) {
    for (auto& row : rows) {
        auto taken = headings_.empty() ? take_headings(row) : take_row(row, items);
        if (!taken) {
            return taken;
        }
    }
    rows.clear();
    return {};
}

Expected<void> TableReader::take_headings(TableRow& row) {
    if (!row.fault.empty()) {
        return bad_headings(row, row.fault);
    }
    if (dialect_ == table_dialect::tsv && trim(row.cells.front()) == transfer_list) {
        headings_ = {"url", "size", "md5"};
        least_cells_ = 1;
        return {};
    }
    for (auto& cell : row.cells) {
        auto heading = std::string{trim(cell)};
        if (is_known(lower(heading))) {
            heading = lower(std::move(heading));
        }
        if (heading.empty()) {
            return bad_headings(row, "one is empty");
        }
        if (std::ranges::count(headings_, heading) > 0) {
            return bad_headings(row, "one stands there twice");
        }
        headings_.push_back(std::move(heading));
    }
    least_cells_ = headings_.size();
    if (std::ranges::count(headings_, "url") == 0) {
        return bad_headings(row, "there is no url");
    }
    return {};
}

Expected<void> TableReader::take_row(const TableRow& row, std::vector<Item>& items) {
    if (next_index_ >= context_.limits.max_items) {
        return failed(
            failure_code::job_too_many_items,
            "reading line " + std::to_string(row.line) + ": more than " +
                std::to_string(context_.limits.max_items) + " items in one job"
        );
    }
    Item item;
    if (auto failure = read_row(row, item)) {
        item = Item{};
        item.failure = failed(failure_code::request_invalid, std::move(failure->detail));
    }
    if (item.failure) {
        item.failure->detail.insert(0, "line " + std::to_string(row.line) + ": ");
    }
    item.index = next_index_++;
    items.push_back(std::move(item));
    return {};
}

/// The request that a row stands for, read as if it had come as an object.
std::optional<Failure> TableReader::read_row(const TableRow& row, Item& item) const {
    if (!row.fault.empty()) {
        return failed(failure_code::request_invalid, row.fault);
    }
    if (row.cells.size() < least_cells_ || row.cells.size() > headings_.size()) {
        return failed(
            failure_code::request_invalid, "there are " + std::to_string(row.cells.size()) +
                                               " cells under " + std::to_string(headings_.size()) +
                                               " headings"
        );
    }
    json::object request;
    json::object expect;
    json::object metadata;
    for (std::size_t column = 0; column < row.cells.size(); ++column) {
        const auto& heading = headings_[column];
        const std::string_view cell =
            is_known(heading) ? trim(row.cells[column]) : std::string_view{row.cells[column]};
        if (heading == "url") {
            request["url"] = text_of(cell);
        } else if (cell.empty()) {
            continue;
        } else if (heading == "id") {
            request["id"] = text_of(cell);
        } else if (heading == "size") {
            expect["size"] = size_of(cell);
        } else if (heading == "md5" || heading == "sha256") {
            expect[heading] = text_of(cell);
        } else {
            metadata[heading] = text_of(cell);
        }
    }
    if (!expect.empty()) {
        request["expect"] = std::move(expect);
    }
    if (!metadata.empty()) {
        request["metadata"] = std::move(metadata);
    }
    const json::value document(std::move(request));
    const OptionContext option_context{context_.limits.options, context_.now};
    return read_request(JsonMember{document, ""}, context_.options.fetch, option_context, item);
}

}  // namespace fanfetch
