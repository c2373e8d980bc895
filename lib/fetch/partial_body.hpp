#pragma once

#include "fetch/body_spill.hpp"
#include "fetch/hasher.hpp"
#include "http/response_head.hpp"
#include "model/options.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// The beginning of a large body whose transfer broke off, kept for the item's next attempt, which
/// asks for the rest.
///
/// Threads  goes with its item from shard to nowhere: one owner
struct PartialBody {
    std::string url;              ///< that sent it, after redirects
    std::string validator;        ///< what has to be the same for the rest to fit
    std::string range;            ///< what is asked for: "bytes=1048576-"
    std::uint64_t size = 0;       ///< bytes there are, all of them on disk
    std::uint64_t complete = 0;   ///< bytes there will be
    std::uint64_t wire_size = 0;  ///< bytes that came over the network for it
    std::string head;             ///< of the response that began it, as it is stored
    std::string content_type;
    std::string http_version;
    std::shared_ptr<BodyDigests> digests;  ///< of what there is
    std::unique_ptr<SpilledBody> spilled;
};

/// What an If-Range field must repeat for the rest of this response to be asked for: its strong
/// entity tag, or a Last-Modified that is at least a second older than its Date. Empty when there
/// is neither, or when parts of it are not to be had (another status than 200, a coding,
/// `Accept-Ranges: none`).
///
/// Threads  pure
/// Source   RFC 9110 §13.1.5, §8.8.2.2
[[nodiscard]] std::string range_validator(const ResponseHead& head);

/// Whether a request asks for a range of its own.
[[nodiscard]] bool asks_for_range(const std::vector<HeaderField>& headers) noexcept;

}  // namespace fanfetch
