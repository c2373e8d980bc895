#include "cli/get_sink.hpp"

#include "base/time.hpp"
#include "job/outcome_record.hpp"

#include <chrono>
#include <exception>
#include <memory>
#include <utility>

namespace fanfetch {
namespace {

std::unique_ptr<PartFile> spilled_file(FetchOutcome& outcome) {
    // OutputDirectory is the only BodySpill here, and begins nothing else.
    return std::unique_ptr<PartFile>{static_cast<PartFile*>(outcome.spilled.release())};
}

}  // namespace

void GetSink::take(const GetItem& item, FetchOutcome& outcome) {
    using std::chrono::duration_cast;
    using std::chrono::milliseconds;
    GetEnding ending;
    ending.index = item.index;
    ending.line = item.line;
    ending.url = item.url.href();
    ending.attempts = item.attempts;
    describe(ending, outcome);
    try {
        auto file = store(item, outcome);
        if (file) {
            ending.file = std::move(*file);
        } else {
            fail(ending, file.error());
        }
    } catch (const std::exception& error) {
        fail(ending, failed(failure_code::internal, std::string{"keeping it: "} + error.what()));
    }
    ending.elapsed = duration_cast<milliseconds>(Steady::now() - item.started);
    parts_.report->item(ending);
}

void GetSink::refuse(const ListedUrl& entry, std::uint64_t index, const Failure& failure) {
    GetEnding ending;
    ending.index = index;
    ending.line = entry.line;
    ending.url = entry.text;
    fail(ending, failure);
    parts_.report->item(ending);
}

/// The path of the file, empty when there is none.
Expected<std::string> GetSink::store(const GetItem& item, FetchOutcome& outcome) {
    const bool wanted = parts_.files && outcome.code == failure_code::none;
    auto file = spilled_file(outcome);
    const bool spilled = file != nullptr;
    if (!spilled && wanted) {
        auto made = parts_.directory->create();
        if (!made) {
            return made.error();
        }
        file = std::move(*made);
        if (auto written = file->append(outcome.payload); !written) {
            return written.error();
        }
    } else if (!spilled) {
        parts_.progress->add_bytes(outcome.payload.size());
    }
    if (auto archived = archive(item, outcome, spilled ? file.get() : nullptr); !archived) {
        return archived.error();
    }
    if (!wanted) {
        return std::string{};
    }
    if (auto kept = file->keep_as(item.name); !kept) {
        return kept.error();
    }
    return parts_.directory->path_of(item.name);
}

Expected<void> GetSink::archive(const GetItem& item, FetchOutcome& outcome, const PartFile* body) {
    if (parts_.warc == nullptr) {
        return {};
    }
    const auto response = response_of(outcome, item.url.href(), item.started_at);
    if (!response) {
        return {};
    }
    return parts_.warc->add(*response, outcome.sha256.value_or(Sha256{}), body);
}

}  // namespace fanfetch
