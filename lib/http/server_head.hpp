#pragma once

#include "http/server_types.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace fanfetch {

/// How the client finds the end of a reply.
enum class reply_framing { none, counted, chunked, until_close };

/// What the session adds to a reply's own fields.
struct ReplyFrame {
    int minor_version = 1;  ///< of the request
    bool keep_alive = true;
    reply_framing framing = reply_framing::none;
    std::uint64_t length = 0;  ///< when counted
    std::string_view request_id{};
    std::string_view date{};  ///< as Date has it
};

/// Throws std::logic_error when a field of the reply is none, could break out of its line, or is
/// the session's to state.
void check_reply_fields(const HttpReply& reply);

/// Appends status line, fields and the empty line. The fields have been checked.
///
/// Source   RFC 9112 §4, §6, §9.3; RFC 9110 §5.5, §6.6.1, §10.2.4
void append_reply_head(std::string& out, const HttpReply& reply, const ReplyFrame& frame);

/// The framing of `reply` to a request.
[[nodiscard]] ReplyFrame frame_reply(const HttpReply& reply, int minor_version, bool keep_alive);

}  // namespace fanfetch
