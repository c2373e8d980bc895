#include "api/submission_stream.hpp"

#include "api/line_reader.hpp"
#include "api/table_reader.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace fanfetch {
namespace {

/// A chunk is one transaction's share: large enough to be cheap, small enough to start early.
constexpr std::size_t chunk_items = 2048;

/// The reader of a format that is read line by line; nullptr: it is none.
std::unique_ptr<ItemReader> reader_for(const SubmissionForm& form) {
    const auto& type = form.media_type;
    if (type == "text/plain") {
        return std::make_unique<LineReader>(line_format::text, form.context);
    }
    if (type == "application/x-ndjson" || type == "application/ndjson") {
        return std::make_unique<LineReader>(line_format::ndjson, form.context);
    }
    if (type == "text/csv") {
        return std::make_unique<TableReader>(table_dialect::csv, form.context);
    }
    if (type == "text/tab-separated-values") {
        return std::make_unique<TableReader>(table_dialect::tsv, form.context);
    }
    return nullptr;
}

Expected<Submission> parse_json_body(std::string_view body, const SubmissionForm& form) {
    if (!form.items_only) {
        return parse_submission(body, form.context);
    }
    auto items = parse_more_items(body, form.context);
    if (!items) {
        return std::move(items).error();
    }
    return Submission{form.context.options, *std::move(items)};
}

awaitable<Expected<void>> read_json(UploadBody& body, SubmissionForm form, ItemSink& sink) {
    auto text = co_await body.read_all(form.longest_json);
    if (!text) {
        co_return text.error();
    }
    auto parsed = parse_json_body(*text, form);
    if (!parsed) {
        co_return parsed.error();
    }
    text->clear();
    text->shrink_to_fit();
    auto& items = parsed->items;
    if (items.size() <= chunk_items) {
        auto stored = co_await sink.put(parsed->options, std::move(items), true);
        co_return stored;
    }
    for (std::size_t from = 0; from < items.size(); from += chunk_items) {
        const auto to = std::min(items.size(), from + chunk_items);
        const auto begin = items.begin() + static_cast<std::ptrdiff_t>(from);
        const auto end = items.begin() + static_cast<std::ptrdiff_t>(to);
        std::vector<Item> chunk{std::make_move_iterator(begin), std::make_move_iterator(end)};
        auto stored = co_await sink.put(parsed->options, std::move(chunk), false);
        if (!stored) {
            co_return stored.error();
        }
    }
    co_return Expected<void>{};
}

awaitable<Expected<void>> read_pieces(UploadBody& body, ItemReader& reader, ItemSink& sink) {
    std::vector<Item> pending;
    bool any = false;
    for (;;) {
        const auto piece = co_await body.next();
        if (!piece) {
            co_return piece.error();
        }
        const bool last = piece->empty();
        auto read = last ? reader.finish(pending) : reader.feed(*piece, pending);
        if (!read) {
            co_return read.error();
        }
        // What a piece brought is appended at once: a client that pauses has its items fetched
        // meanwhile, and the store groups what comes fast.
        if (last || !pending.empty()) {
            auto items = std::exchange(pending, {});
            const bool whole = last && !std::exchange(any, true);
            auto stored = co_await sink.put(reader.options(), std::move(items), whole);
            if (!stored) {
                co_return stored.error();
            }
        }
        if (last) {
            co_return Expected<void>{};
        }
    }
}

}  // namespace

awaitable<Expected<void>> read_submission(UploadBody& body, SubmissionForm form, ItemSink& sink) {
    if (form.media_type == "application/json") {
        auto read = co_await read_json(body, std::move(form), sink);
        co_return read;
    }
    form.context.takes_options = !form.items_only;
    const auto reader = reader_for(form);
    if (!reader) {
        co_return failed(
            failure_code::api_unsupported_media,
            "reading the body: application/json, application/x-ndjson, text/plain, text/csv or "
            "text/tab-separated-values is wanted, not " +
                form.media_type
        );
    }
    auto read = co_await read_pieces(body, *reader, sink);
    co_return read;
}

}  // namespace fanfetch
