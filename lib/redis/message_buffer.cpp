#include "redis/message_buffer.hpp"

#include "redis/errors.hpp"

#include <string>
#include <utility>

namespace fanfetch::redis {

std::size_t MessageBuffer::weight(const Message& message) noexcept {
    const auto pattern = message.pattern ? message.pattern->size() : 0;
    return sizeof(Message) + message.channel.size() + message.payload.size() + pattern;
}

bool MessageBuffer::has_room(const Message& message) const noexcept {
    return items_.empty() ||
           (items_.size() < limits_.messages && bytes_ + weight(message) <= limits_.bytes.bytes);
}

awaitable<> MessageBuffer::put(Message message) {
    while (!why_ && !has_room(message)) {
        if (limits_.policy == on_overflow::fail) {
            throw BufferOverflow{
                "receiving: " + std::to_string(items_.size()) + " messages of " +
                std::to_string(bytes_) + " bytes wait already"};
        }
        if (limits_.policy == on_overflow::drop_oldest && drop_one()) {
            continue;
        }
        co_await room_.wait_until(Steady::time_point::max());
    }
    if (!why_) {
        store(std::move(message));
    }
}

bool MessageBuffer::drop_one() {
    const auto oldest = items_.try_get();
    if (!oldest) {
        return false;  // the one there is has been promised to a coroutine
    }
    bytes_ -= weight(*oldest);
    if (oldest->reconnected()) {
        marker_in_front_ = true;
    } else {
        ++dropped_;
    }
    return true;
}

void MessageBuffer::put_marker() {
    if (why_ || (newest_is_marker_ && !items_.empty())) {
        return;
    }
    store(Message{.channel = {}, .payload = {}, .pattern = {}, .kind = message_kind::reconnected});
}

void MessageBuffer::store(Message message) {
    bytes_ += weight(message);
    newest_is_marker_ = message.reconnected();
    (void)items_.try_put(message);  // closed it is only once there is a reason to refuse
}

awaitable<Message> MessageBuffer::get() {
    if (std::exchange(marker_in_front_, false)) {
        co_return Message{
            .channel = {}, .payload = {}, .pattern = {}, .kind = message_kind::reconnected};
    }
    try {
        auto message = co_await items_.get();
        bytes_ -= weight(message);
        room_.wake();
        co_return message;
    } catch (const QueueClosed&) {
        std::rethrow_exception(why_);
    }
}

void MessageBuffer::end(std::exception_ptr why) {
    if (!why_) {
        why_ = std::move(why);
        items_.close();
        room_.wake();
    }
}

}  // namespace fanfetch::redis
