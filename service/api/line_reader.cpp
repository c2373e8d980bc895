#include "api/line_reader.hpp"

#include "api/json.hpp"
#include "api/submission_item.hpp"

#include <boost/json/object.hpp>

#include <utility>

namespace fanfetch {
namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string_view trim(std::string_view line) noexcept {
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r')) {
        line.remove_suffix(1);
    }
    while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) {
        line.remove_prefix(1);
    }
    return line;
}

}  // namespace

LineReader::LineReader(line_format format, SubmissionContext context)
    : format_{format},
      context_{std::move(context)},
      longest_line_{format == line_format::text ? longest_text_line : longest_json_line},
      next_index_{context_.first_index} {}

Expected<void> LineReader::feed(std::string_view piece, std::vector<Item>& items) {
    while (!piece.empty()) {
        const auto end = piece.find('\n');
        const bool complete = end != std::string_view::npos;
        auto line = piece.substr(0, end);
        piece.remove_prefix(complete ? end + 1 : piece.size());
        if (!carry_.empty() || !complete) {
            // One byte more than a line may have, for the CR of its end.
            const auto room = longest_line_ + 1 - carry_.size();
            too_long_ = too_long_ || line.size() > room;
            carry_.append(line.substr(0, room));
            line = carry_;
        }
        if (!complete) {
            break;
        }
        auto taken = take_line(line, items);
        carry_.clear();
        if (!taken) {
            return taken;
        }
    }
    return {};
}

Expected<void> LineReader::finish(std::vector<Item>& items) {
    if (!carry_.empty()) {
        auto taken = take_line(carry_, items);
        carry_.clear();
        if (!taken) {
            return taken;
        }
    }
    if (items_read() == 0 && !context_.may_be_empty) {
        return failed(failure_code::job_empty, "reading the items: the upload has none");
    }
    return {};
}

Expected<void> LineReader::take_line(std::string_view line, std::vector<Item>& items) {
    const bool very_first = ++line_number_ == 1;
    if (line.ends_with('\r')) {
        line.remove_suffix(1);
    }
    const bool too_long = std::exchange(too_long_, false) || line.size() > longest_line_;
    // What is past the bound may or may not be here, as the pieces were cut: nobody looks at it.
    line = line.substr(0, longest_line_);
    if (very_first && line.starts_with(byte_order_mark)) {
        line.remove_prefix(byte_order_mark.size());
    }
    line = trim(line);
    if (format_ == line_format::text && line.starts_with('#')) {
        return {};
    }
    if (too_long) {
        at_first_line_ = false;
        return bad_line("longer than " + std::to_string(longest_line_) + " bytes", items);
    }
    if (line.empty()) {
        return {};
    }
    if (format_ == line_format::ndjson) {
        return take_json(line, items);
    }
    auto item = next_item(items);
    if (!item) {
        return item.error();
    }
    **item = plain_item((*item)->index, line);
    if ((*item)->failure) {
        (*item)->failure->detail.insert(0, "line " + std::to_string(line_number_) + ": ");
    }
    return {};
}

Expected<void> LineReader::take_json(std::string_view line, std::vector<Item>& items) {
    const bool first = std::exchange(at_first_line_, false);
    const auto document = parse_json(line);
    if (!document) {
        return bad_line(document.error().detail, items);
    }
    const JsonMember root{*document, ""};
    const OptionContext option_context{context_.limits.options, context_.now};
    const auto* const object = document->if_object();
    if (first && object != nullptr && object->size() == 1 && object->contains("options")) {
        const JsonMember options{root, "options", object->at("options")};
        if (!context_.takes_options) {
            return options.refused("the options are those of the job");
        }
        if (auto fault = read_job_options(options, option_context, context_.options)) {
            return std::move(*fault);
        }
        return {};
    }
    Item read;
    if (const auto fault = read_request(root, context_.options.fetch, option_context, read)) {
        return bad_line(summary(*fault), items);
    }
    auto item = next_item(items);
    if (!item) {
        return item.error();
    }
    read.index = (*item)->index;
    if (read.failure) {
        read.failure->detail.insert(0, "line " + std::to_string(line_number_) + ": ");
    }
    **item = std::move(read);
    return {};
}

Expected<Item*> LineReader::next_item(std::vector<Item>& items) {
    if (next_index_ >= context_.limits.max_items) {
        return failed(
            failure_code::job_too_many_items,
            "reading line " + std::to_string(line_number_) + ": more than " +
                std::to_string(context_.limits.max_items) + " items in one job"
        );
    }
    auto& item = items.emplace_back();
    item.index = next_index_++;
    return &item;
}

Expected<void> LineReader::bad_line(std::string detail, std::vector<Item>& items) {
    auto item = next_item(items);
    if (!item) {
        return item.error();
    }
    (*item)->failure = failed(
        failure_code::request_invalid, "line " + std::to_string(line_number_) + ": " + detail
    );
    return {};
}

}  // namespace fanfetch
