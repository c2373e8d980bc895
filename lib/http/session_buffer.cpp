#include "http/session_buffer.hpp"

#include <algorithm>
#include <cstring>

namespace fanfetch {

boost::asio::mutable_buffer SessionBuffer::prepare(std::size_t wanted) {
    if (begin_ == end_) {
        begin_ = 0;
        end_ = 0;
    }
    const bool full = end_ == capacity_;
    const auto least = full && begin_ == 0 ? capacity_ * 2 : capacity_;
    const auto capacity = std::min(std::max(wanted, least), most_);
    if (capacity > capacity_) {
        reallocate(capacity);
    } else if (full && begin_ > 0) {
        std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    return {bytes_.get() + end_, capacity_ - end_};
}

void SessionBuffer::shrink() {
    if (capacity_ > idle_bytes && end_ - begin_ <= idle_bytes) {
        reallocate(idle_bytes);
    }
}

void SessionBuffer::reallocate(std::size_t capacity) {
    std::unique_ptr<char[]> bytes{new char[capacity]};
    const auto kept = unread();
    std::copy(kept.begin(), kept.end(), bytes.get());
    bytes_ = std::move(bytes);
    capacity_ = capacity;
    end_ -= begin_;
    begin_ = 0;
}

}  // namespace fanfetch
