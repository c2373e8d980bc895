// Tables: the items do not depend on how the upload was cut into pieces. And the small texts that
// come in a submission's header: a key is bounded, a preference is a number or nothing.
#include "api/idempotency_key.hpp"
#include "api/table_reader.hpp"
#include "http/prefer.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace fanfetch;

void require(bool good) {
    if (!good) {
        std::abort();
    }
}

struct Outcome {
    std::vector<Item> items;
    failure_code code = failure_code::none;
};

/// Reads a text in pieces whose sizes go through `sizes`, round and round.
Outcome read(table_dialect dialect, std::string_view text, std::string_view sizes) {
    SubmissionContext context;
    context.limits.max_items = 50;
    TableReader reader{dialect, context};
    Outcome outcome;
    for (std::size_t turn = 0; !text.empty() && outcome.code == failure_code::none; ++turn) {
        const auto size =
            sizes.empty() ? text.size()
                          : std::size_t{1} + static_cast<unsigned char>(sizes[turn % sizes.size()]);
        const auto piece = text.substr(0, size);
        text.remove_prefix(piece.size());
        if (const auto fed = reader.feed(piece, outcome.items); !fed) {
            outcome.code = fed.error().code;
        }
    }
    if (outcome.code == failure_code::none) {
        if (const auto ended = reader.finish(outcome.items); !ended) {
            outcome.code = ended.error().code;
        }
    }
    require(reader.items_read() == outcome.items.size());
    require(outcome.items.size() <= context.limits.max_items);
    return outcome;
}

void require_same(const Outcome& whole, const Outcome& cut) {
    require(whole.code == cut.code && whole.items.size() == cut.items.size());
    for (std::size_t i = 0; i < whole.items.size(); ++i) {
        const auto& a = whole.items[i];
        const auto& b = cut.items[i];
        require(a.index == i && b.index == i && a.url == b.url && a.extras == b.extras);
        require(a.failure.has_value() == b.failure.has_value());
        require(
            !a.failure ||
            (a.failure->code == b.failure->code && a.failure->detail == b.failure->detail)
        );
    }
}

void read_fields(std::string_view text) {
    if (const auto key = parse_idempotency_key(text)) {
        require(!key->empty() && key->size() <= 255);
    }
    const auto wait = preferred_wait(std::array{text});
    require(!wait || (wait->count() >= 0 && wait->count() <= 1'000'000'000));
    (void)unpack_reply(text);
}

}  // namespace

/// The first byte tells the dialect and how many of the next bytes are piece sizes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const auto dialect = (data[0] & 1U) == 0 ? table_dialect::csv : table_dialect::tsv;
    std::string_view rest{reinterpret_cast<const char*>(data) + 1, size - 1};
    read_fields(rest);
    const auto sizes = rest.substr(0, data[0] >> 5U);
    rest.remove_prefix(sizes.size());
    require_same(read(dialect, rest, {}), read(dialect, rest, sizes));
    return 0;
}
