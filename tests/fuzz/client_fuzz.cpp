// What a server says to the command line: events, results, jobs and refusals are read the same
// however the bytes are cut, and nothing of them moves a terminal's cursor.
#include "client/api_answer.hpp"
#include "client/event_reader.hpp"
#include "client/job_view.hpp"
#include "client/result_lines.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace fanfetch;

void require(bool good) {
    if (!good) {
        std::abort();
    }
}

void require_harmless(std::string_view text) {
    require(std::ranges::all_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte >= ' ' && byte != 0x7F) || byte == '\n';
    }));
}

std::string read_events(std::string_view text, std::size_t piece) {
    EventReader reader;
    std::string told;
    while (!text.empty()) {
        const auto size = std::min(piece, text.size());
        reader.feed(text.substr(0, size));
        text.remove_prefix(size);
        ReceivedEvent event;
        while (reader.next(event).value()) {
            require_harmless(event_text(event));
            require_harmless(event_json(event));
            told += event_json(event);
        }
    }
    return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes{reinterpret_cast<const char*>(data), size};
    const auto whole = read_events(bytes, size);
    require(read_events(bytes, 1) == whole);
    require(read_events(bytes, 7) == whole);

    StreamPosition position;
    if (const auto result = read_result_line(bytes, position)) {
        require_harmless(result->text);
    }
    if (const auto job = read_job(bytes)) {
        require_harmless(job_line(*job));
        require_harmless(job_table({&*job, 1}));
    }
    ApiAnswer answer;
    answer.status = 400;
    answer.content_type = "application/problem+json";
    answer.body = bytes;
    require_harmless(refusal_text("reading", answer));
    return 0;
}
