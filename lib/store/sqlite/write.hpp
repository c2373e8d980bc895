#pragma once

#include "base/expected.hpp"
#include "future/promise.hpp"
#include "store/sqlite/write_session.hpp"

#include <cstddef>
#include <optional>
#include <utility>

namespace fanfetch::sqlite {

/// Something to be written: what a caller asked for, and the promise of an answer.
///
/// Threads  made by the caller, then owned by the writer
class Write {
public:
    virtual ~Write() = default;

    /// About how many usual items it comes to.
    [[nodiscard]] virtual std::size_t items() const noexcept { return 1; }
    /// Hands its responses to the segments, before the transaction.
    [[nodiscard]] virtual Expected<void> write_bodies(SegmentWriter&) { return {}; }
    /// Does its part in the transaction. False when there is more to do in the next one.
    [[nodiscard]] virtual bool write_rows(WriteSession& session) = 0;
    /// Whether it brings new work, which is refused while the disk is low.
    [[nodiscard]] virtual bool brings_work() const noexcept { return false; }

    /// Its group failed, and nothing of it is written. True when it waits for a later group: what
    /// has happened must be recorded, what is only asked for is refused.
    [[nodiscard]] virtual bool try_again() { return false; }

    /// The answer is this failure.
    virtual void fail(const Failure& failure) = 0;
    /// Gives the answer.
    virtual void acknowledge() = 0;
};

template <class Answer>
class WriteWithAnswer : public Write {
public:
    [[nodiscard]] Future<Expected<Answer>> future() const { return promise_.get_future(); }
    void fail(const Failure& failure) final { answer_.emplace(failure); }
    void acknowledge() final {
        promise_.try_set_result(*std::move(answer_));  // false: nobody wants it any more
    }

protected:
    void answer(Expected<Answer> answer) { answer_.emplace(std::move(answer)); }

private:
    Promise<Expected<Answer>> promise_;
    std::optional<Expected<Answer>> answer_;
};

}  // namespace fanfetch::sqlite
