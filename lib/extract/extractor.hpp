#pragma once

#include "base/byte_size.hpp"
#include "base/expected.hpp"
#include "extract/document.hpp"
#include "future/future.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// A document to be taken apart.
struct ExtractOrder {
    std::uint8_t parts = extract_part::all;
    std::string url;           ///< of the document
    std::string content_type;  ///< as the origin said it
    std::string bytes;
};

/// Whether a document of this Content-Type is HTML.
[[nodiscard]] bool is_html(std::string_view content_type) noexcept;

/// Takes HTML documents apart, somewhere they can do no harm.
///
/// Errors   extract_failed: it takes too long, or is too large; extract_crashed: it brought down
///          whatever tried
/// Threads  any thread
class Extractor {
public:
    virtual ~Extractor() = default;
    [[nodiscard]] virtual Future<Expected<ExtractedDocument>> extract(ExtractOrder order) = 0;
    /// Why nothing can be extracted any more; none when it can.
    [[nodiscard]] virtual std::optional<std::string> broken() const = 0;
};

struct ExtractorOptions {
    int workers = 1;
    std::chrono::milliseconds time_limit{10'000};  ///< of one document
    ByteSize memory{std::uint64_t{512} << 20U};    ///< address space of a worker
    int attempts = 3;                              ///< at a document whose workers die
};

/// Extracts in sandboxed processes, which start with the first document and are replaced when they
/// die. `main` must have asked run_as_worker.
///
/// The destructor waits for nobody: it kills the workers, and what they were at fails.
[[nodiscard]] std::unique_ptr<Extractor> make_process_extractor(const ExtractorOptions& options);

/// The longest document that is taken.
inline constexpr std::uint64_t longest_document = std::uint64_t{32} << 20U;

}  // namespace fanfetch
