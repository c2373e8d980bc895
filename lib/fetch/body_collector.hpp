#pragma once

#include "coro/loop.hpp"
#include "executor/executor.hpp"
#include "fetch/bandwidth.hpp"
#include "fetch/body_spill.hpp"
#include "fetch/fetcher.hpp"
#include "fetch/hasher.hpp"
#include "fetch/memory_budget.hpp"
#include "fetch/partial_body.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace fanfetch {

/// Takes a decoded body as it comes: counts it, hashes it, and keeps it in memory while it is
/// short and the budget allows, else on disk.
///
/// `append` never blocks. What has to go to disk is put aside until `flush`, which the reader
/// awaits between two reads. That hands it to a worker, who hashes and writes it while the next
/// piece comes, and waits for the piece before, so that a slow disk slows the origin down and
/// nothing piles up.
///
/// Units    bytes
/// Errors   limit_body_size beyond `max_bytes`; internal when the disk refuses
/// Threads  the shard it was made for; what goes to disk is hashed and written in `blocking`
class BodyCollector {
public:
    static constexpr std::uint64_t most_in_memory = 1U << 20U;
    static constexpr std::size_t flush_at = 256U << 10U;

    struct Parts {
        MemoryBudget* memory = nullptr;
        BodySpill* spill = nullptr;
        Executor* blocking = nullptr;
        Bandwidth* bandwidth = nullptr;  ///< none: what comes is taken
    };
    explicit BodyCollector(Parts parts) : parts_{parts} {}

    /// What is known of a body before it comes.
    struct Order {
        bool keep = true;         ///< false: it is counted and hashed only
        bool md5 = false;         ///< whether someone wants to compare its MD5
        bool hash_later = false;  ///< leave a body that is kept and short to the caller
        std::uint64_t max_bytes = 0;
        std::optional<std::uint64_t> announced;  ///< its length
    };
    void reset(const Order& order);

    [[nodiscard]] Expected<void> append(std::string_view bytes);
    /// So much came over the network: when more of it may be read is for `bandwidth` to say.
    void received(std::uint64_t bytes);
    [[nodiscard]] bool must_rest() const noexcept {
        return rests_until_ != Steady::time_point{} && rests_until_ > Steady::now();
    }
    /// Waits until more may be read, or for a second. Throws CancelledError.
    awaitable<void> rest() const;
    [[nodiscard]] bool wants_flush() const noexcept {
        return on_disk_ && payload_.size() >= flush_at;
    }
    /// With `all` it is on disk when this is done.
    awaitable<Expected<void>> flush(bool all);

    /// Goes on where a transfer broke off. After `reset`, for a body that is kept.
    void resume(PartialBody& from);
    /// Hands over what is there, all of it on disk: after `flush(true)`.
    void suspend(PartialBody& into);

    /// Moves everything into the outcome. After `flush(true)`, when some of it is on disk.
    void finish(FetchOutcome& outcome);
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
    [[nodiscard]] bool on_disk() const noexcept { return on_disk_; }

private:
    struct Write;

    void hash(std::string_view bytes);
    void begin_write();
    awaitable<Expected<void>> end_write();
    [[nodiscard]] bool fits_in_memory(std::size_t more) noexcept;

    Parts parts_;
    std::shared_ptr<BodyDigests> digests_ = std::make_shared<BodyDigests>();
    Order order_;
    bool hash_later_ = false;
    bool on_disk_ = false;
    std::uint64_t size_ = 0;
    Steady::time_point rests_until_{};
    std::string payload_;     ///< all of it, or what waits for the next flush
    std::size_t hashed_ = 0;  ///< of the payload, from the front
    MemoryShare share_;
    std::unique_ptr<SpilledBody> spilled_;
    std::shared_ptr<Write> writing_;  ///< a worker has the body and the digests
    std::optional<Future<Expected<void>>> written_;
};

}  // namespace fanfetch
