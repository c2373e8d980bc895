#pragma once

#include "redis/reply.hpp"
#include "redis/reply_guard.hpp"

#include <memory>
#include <optional>
#include <string_view>

struct redisReader;

namespace fanfetch::redis {

/// Makes replies of bytes, in whatever pieces they come: hiredis' synchronous reader behind a
/// ReplyGuard.
///
/// Replies that were complete before a fault are handed out before it is reported. What is kept
/// of an incomplete reply is what came of it, never what it announced.
///
/// Errors   ProtocolError from `next`, from then on every time
/// Threads  its owner's
class ReplyReader {
public:
    /// Errors  std::bad_alloc
    explicit ReplyReader(ReplyLimits limits = {});
    ReplyReader(const ReplyReader&) = delete;
    ReplyReader& operator=(const ReplyReader&) = delete;
    ~ReplyReader();

    void feed(std::string_view bytes);

    /// The next complete reply, if there is one.
    [[nodiscard]] std::optional<Reply> next();

private:
    struct Free {
        void operator()(redisReader* reader) const noexcept;
    };

    ReplyLimits limits_;
    ReplyGuard guard_;
    std::unique_ptr<redisReader, Free> reader_;
};

}  // namespace fanfetch::redis
