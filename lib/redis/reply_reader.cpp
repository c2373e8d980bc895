#include "redis/reply_reader.hpp"

#include "redis/errors.hpp"

#include <hiredis/read.h>

#include <new>
#include <string>
#include <utility>

namespace fanfetch::redis {
namespace {

/// Puts a reply where the reader's task belongs: into its array, or on the heap when it is the
/// whole. No exception may pass through the reader's C frames; null means "no room" to it.
void* place(const redisReadTask* task, Reply reply) noexcept {
    try {
        if (task->parent == nullptr) {
            return new Reply{std::move(reply)};
        }
        // Grows as elements come. An array that is being filled does not move: its own array
        // gets no other element meanwhile.
        return &static_cast<Reply*>(task->parent->obj)->elements.emplace_back(std::move(reply));
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

const ReplyLimits& limits_of(const redisReadTask* task) noexcept {
    return *static_cast<const ReplyLimits*>(task->privdata);
}

void* create_text(const redisReadTask* task, char* bytes, std::size_t size) noexcept {
    const auto& limits = limits_of(task);
    const bool bulk = task->type == REDIS_REPLY_STRING;
    if (size > (bulk ? limits.bulk_bytes : limits.line_bytes)) {
        return nullptr;
    }
    const auto type = bulk                               ? reply_type::string
                      : task->type == REDIS_REPLY_STATUS ? reply_type::status
                                                         : reply_type::error;
    try {
        return place(task, Reply{.type = type, .text = {bytes, size}, .elements = {}});
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

void* create_array(const redisReadTask* task, int count) noexcept {
    if (count < 0 || static_cast<std::size_t>(count) > limits_of(task).elements) {
        return nullptr;
    }
    return place(task, Reply{.type = reply_type::array, .text = {}, .elements = {}});
}

void* create_integer(const redisReadTask* task, long long number) noexcept {
    return place(
        task, Reply{.type = reply_type::integer, .text = {}, .number = number, .elements = {}}
    );
}

void* create_nil(const redisReadTask* task) noexcept {
    return place(task, Reply{});
}

void free_reply(void* reply) noexcept {
    delete static_cast<Reply*>(reply);
}

/// The reader takes it by a pointer to what is not const, and only reads it.
redisReplyObjectFunctions object_functions{
    .createString = create_text,
    .createArray = create_array,
    .createInteger = create_integer,
    .createNil = create_nil,
    .freeObject = free_reply,
};

}  // namespace

void ReplyReader::Free::operator()(redisReader* reader) const noexcept {
    redisReaderFree(reader);
}

ReplyReader::ReplyReader(ReplyLimits limits)
    : limits_{limits}, guard_{limits}, reader_{redisReaderCreateWithFunctions(&object_functions)} {
    if (!reader_) {
        throw std::bad_alloc{};
    }
    reader_->privdata = &limits_;
}

ReplyReader::~ReplyReader() = default;

void ReplyReader::feed(std::string_view bytes) {
    const auto admitted = guard_.admit(bytes);
    // Its own failures stay with it, and are told by `next`.
    (void)redisReaderFeed(reader_.get(), bytes.data(), admitted);
}

std::optional<Reply> ReplyReader::next() {
    void* raw = nullptr;
    if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) {
        throw ProtocolError{std::string{"reading a reply: "} + reader_->errstr};
    }
    if (raw != nullptr) {
        const std::unique_ptr<Reply> reply{static_cast<Reply*>(raw)};
        return std::move(*reply);
    }
    if (!guard_.fault().empty()) {
        throw ProtocolError{"reading a reply: " + guard_.fault()};
    }
    return std::nullopt;
}

}  // namespace fanfetch::redis
