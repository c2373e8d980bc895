#pragma once

#include "base/expected.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "model/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace fanfetch {

/// What every record ends with; not counted in any length.
inline constexpr std::string_view warc_record_end = "\r\n\r\n";

/// The longest record header that is written or read back. A URL is at most 8 KiB, every byte of
/// which may have to be escaped.
inline constexpr std::size_t warc_max_header = 32U << 10U;

/// What the header of a `response` record says.
struct WarcResponse {
    std::string_view target_url;
    std::string_view remote_address;  ///< the IP address alone; empty: not said
    std::string_view protocol;  ///< "h2" when the block was not HTTP/1.1 on the wire; or empty
    WallTime fetched_at{};
    const Sha256* payload_digest = nullptr;  ///< of the payload in the record; null: not said
    std::uint64_t block_length = 0;          ///< of the HTTP head, its empty line and the payload
    bool payload_left_out = false;           ///< the record holds the head alone
};

/// Appends the header of a `response` record, with the empty line that ends it.
///
/// Nothing in a field value can end its line: bytes of the URL outside of printable ASCII are
/// percent-encoded, addresses and protocol lose every byte that does not belong there.
///
/// Threads  one owner of `out` and `random` at a time
/// Source   The WARC Format 1.1, ISO 28500:2017, §4 and §5; `WARC-Protocol` as the crawlers of
///          the Web Archive community write it
void append_warc_response(std::string& out, const WarcResponse& response, Random& random);

/// What the header of a `metadata` record says.
struct WarcMetadata {
    std::string_view target_url;  ///< of the resource it is about; empty: not said
    WallTime made_at{};
    std::uint64_t block_length = 0;  ///< of the JSON text that is the block
};

/// Appends the header of a `metadata` record, with the empty line that ends it; the rest as for
/// responses.
void append_warc_metadata(std::string& out, const WarcMetadata& metadata, Random& random);

/// Appends the header of an `x-erased` record, with the empty line that ends it: what stands where
/// records were that nobody wants any more. Readers pass over types they do not know.
///
/// `record_length`: of the whole record with its end. Its block is what is left of that.
void append_warc_erased(
    std::string& out, std::uint64_t record_length, WallTime now, Random& random
);

/// Appends the header of an `x-moved` record, with the empty line that ends it: the first record of
/// a segment whose records were moved together, whose block says from where to where.
void append_warc_moved(std::string& out, std::uint64_t block_length, WallTime now, Random& random);

/// What a segment begins with exactly when its first record is of that type.
inline constexpr std::string_view warc_moved_front = "WARC/1.1\r\nWARC-Type: x-moved\r\n";

/// Appends a whole `warcinfo` record, the first of every segment, with its end.
///
/// `padded_to`: when not 0, the record is made exactly so many bytes long by a comment in its
/// block, so that what follows starts at a known offset. At least `warcinfo_min_padded`.
void append_warcinfo(
    std::string& out, std::string_view file_name, WallTime now, Random& random,
    std::size_t padded_to = 0
);

/// Every length from this one on can be reached by padding.
inline constexpr std::size_t warcinfo_min_padded = 1024;

/// A record header as it was read back.
struct WarcHeader {
    std::string type;               ///< "response", "warcinfo"
    std::string target_url;         ///< as it stands there; empty when there is none
    std::size_t header_length = 0;  ///< with its empty line: where the block begins
    std::uint64_t content_length = 0;
};

/// Reads the record header at the front of `bytes`, strictly: version 1.0 or 1.1, every line ended
/// by CRLF, no folding, no control bytes, exactly one WARC-Type and one Content-Length.
///
/// Errors   internal when it is not one, or when it does not end within `warc_max_header` bytes
/// Threads  any thread
[[nodiscard]] Expected<WarcHeader> read_warc_header(std::string_view bytes);

}  // namespace fanfetch
