#include "job/job.hpp"

#include "job/host_key.hpp"
#include "job/store_read.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace fanfetch {

namespace asio = boost::asio;

namespace {

/// Big enough that shards never wait for the next read, small enough to be nothing.
std::size_t window_capacity(const JobOptions& options) noexcept {
    constexpr std::size_t least = 4096;
    return std::max(least, 4 * static_cast<std::size_t>(options.concurrency));
}

}  // namespace

Job::Job(Parts parts, JobRecord record)
    : id_{record.id},
      tenant_{record.tenant},
      options_{record.options},
      callbacks_{std::exchange(record.callbacks, {})},
      parts_{std::move(parts)},
      record_{std::move(record)},
      window_{window_capacity(options_)},
      shards_(parts_.shards),
      free_permits_{static_cast<std::size_t>(options_.concurrency)},
      read_timer_{parts_.loop},
      look_timer_{parts_.loop},
      deadline_{parts_.loop},
      publish_timer_{parts_.loop},
      reserved_{record_.total},
      allowance_{failures_left()},
      knobs_{JobKnobs::of(options_)},
      published_{make_snapshot()},
      share_{parts_.live, tenant_} {
    count_me();
}

JobKnobs Job::knobs() const {
    const std::lock_guard lock{published_mutex_};
    return knobs_;
}

JobSnapshotPtr Job::snapshot() const {
    const std::lock_guard lock{published_mutex_};
    return published_;
}

void Job::report(std::size_t shard, RunnerReport report) {
    on_loop([shard, report](Job& job) { job.on_report(shard, report); });
}

void Job::committed(Commit commit, ResultCount results) {
    // Posted, not dispatched: this is the store's thread.
    on_loop([commit = std::move(commit), results](Job& job) mutable {
        job.on_committed(std::move(commit), results);
    });
}

void Job::item_failed() noexcept {
    allowance_.count();
}

bool Job::hesitates() noexcept {
    return allowance_.exhausted();
}

void Job::appending(std::vector<Item> items, bool start_now) {
    on_loop([items = std::move(items), start_now](Job& job) mutable {
        if (!start_now) {
            job.announced_.push_back(std::move(items));
            return;
        }
        job.announced_.emplace_back();
        job.take_appended(std::move(items));
        job.hand_out();
    });
}

void Job::appended(Commit commit) {
    on_loop([commit = std::move(commit)](Job& job) mutable {
        auto items = std::move(job.announced_.front());
        job.announced_.pop_front();
        job.apply(commit);
        job.take_appended(std::move(items));
        job.hand_out();
        job.load_more();
        job.changed();
        job.check_end();
    });
}

/// Puts appended items into the window when they are the next ones and there is room; otherwise
/// they are read back from the store when their turn comes.
void Job::take_appended(std::vector<Item> items) {
    if (stopping() || loading_ || items.empty() || window_.room() == 0 ||
        items.front().index != window_.next_index()) {
        return;
    }
    const auto end = items.back().index + 1;
    std::erase_if(items, [this](const Item& item) {
        return item.failure ||
               (!passed_.empty() && passed_.holds(host_id_of(host_key_of(item.url))));
    });
    window_.add(std::move(items));
    window_.skip_to(end);
}

void Job::sealed() {
    on_loop([](Job& job) {
        job.record_.sealed = true;
        job.publish();  // the answer to the submit shows all that was accepted
        job.check_end();
    });
}

void Job::opened() {
    on_loop([](Job& job) {
        job.record_.open = true;
        job.publish();
    });
}

void Job::grown(Commit commit) {
    on_loop([commit = std::move(commit)](Job& job) {
        job.apply(commit);
        job.load_more();
        job.changed();
        job.check_end();
    });
}

bool Job::reserve(std::uint64_t count, std::uint64_t most) noexcept {
    if (reserved_.fetch_add(count) + count <= most) {
        return true;
    }
    release(count);
    return false;
}

void Job::release(std::uint64_t count) noexcept {
    reserved_.fetch_sub(count);
}

void Job::rest() {
    on_loop([](Job& job) {
        job.resting_ = true;  // a timer whose handler is queued already does not hear of this
        job.deadline_.cancel();
        job.publish_timer_.cancel();
        job.look_timer_.cancel();
        job.read_timer_.cancel();
    });
}

void Job::take_up() {
    on_loop([](Job& job) { job.go_on(); });
}

/// It has just been read from the store.
void Job::go_on() {
    if (record_.rerunning) {
        on_rerun(std::nullopt, {});
        return;
    }
    const bool broken_off = !record_.sealed && !record_.open;
    if (record_.state == job_state::cancelling || broken_off) {
        // Its upload ended with the process that took it: nobody was told of the job.
        const auto reason =
            record_.reason == state_reason::none ? state_reason::upload_aborted : record_.reason;
        on_cancel(cancel_mode::abort, reason, {});
        return;
    }
    if (!judge_failures(0)) {
        return;
    }
    arm_deadline();
    load_more();
    check_end();
}

void Job::on_report(std::size_t shard, RunnerReport report) {
    auto& part = shards_[shard];
    part.permits -= std::min(part.permits, report.returned_permits);
    get_back(report.returned_permits);
    part.startable = report.startable;
    part.in_flight = report.in_flight;
    part.waiting = report.waiting;
    uncommitted_ += report.finished;
    window_.returned(report.dropped);
    if (report.started_at) {
        start(*report.started_at);
    }
    hand_out();
    lease_to_the_hungry();
    changed();
    check_end();
    consider_looking_ahead();
}

void Job::on_committed(Commit commit, ResultCount results) {
    uncommitted_ -= std::min<std::uint64_t>(uncommitted_, results.all);
    window_.returned(results.all);
    apply(commit);
    if (commit.completed_at) {
        completed(*commit.completed_at);
        return;
    }
    if (!judge_failures(results.failed)) {
        return;
    }
    load_more();
    hand_out();
    changed();
    check_end();
}

std::uint64_t Job::failures_left() const noexcept {
    return fanfetch::failures_left(options_, EndedItems::of(record_.tally).since(ended_before_));
}

/// Whether the job goes on after so many failures more; else it is being cancelled.
bool Job::judge_failures(std::size_t failed) {
    if (options_.on_error == on_error::go_on || stopping()) {
        return true;
    }
    const auto left = failures_left();
    const bool goes_on = allowance_.judge(failed, left);
    if (left == 0) {
        changed();
        on_cancel(cancel_mode::abort, state_reason::error_budget, {});
        return false;
    }
    if (goes_on) {
        for (std::size_t shard = 0; shard < shards_.size(); ++shard) {
            parts_.hold(shard, id_, record_.state == job_state::paused);
        }
    }
    return true;
}

/// Commits may be reported out of order between an append and a record; the newest wins.
void Job::apply(const Commit& commit) {
    record_.total = std::max(record_.total, commit.total);
    if (commit.tally.terminal() >= record_.tally.terminal()) {
        record_.tally = commit.tally;
        record_.last_seq = std::max(record_.last_seq, commit.last_seq);
    }
}

void Job::load_more() {
    const auto from = window_.next_index();
    const auto total = record_.total;
    hungry_.store(window_.room() > 0 && from >= total, std::memory_order_relaxed);
    if (loading_ || unreadable_ || stopping() || record_.rerunning || !window_.low() ||
        from >= total) {
        return;
    }
    loading_ = true;
    constexpr std::size_t longest_search = 65'536;
    ItemScan scan;
    scan.job_id = id_;
    scan.from = from;
    scan.limit = window_.room();
    scan.max_bytes = Window::most_bytes;
    scan.most_looked_at = longest_search;
    auto read = [store = parts_.store, scan = std::move(scan), passed = passed_]() mutable {
        if (!passed.empty()) {
            scan.choose = [&passed](const Item& item) {
                const bool held = passed.holds(host_id_of(host_key_of(item.url)));
                return held ? item_choice::pass : item_choice::take;
            };
        }
        return store->scan_unfinished(scan);
    };
    auto items = parts_.blocking->submit(std::move(read));
    auto arrived = [self = shared_from_this()](const auto& done) {
        auto found = outcome_of_read(done);
        self->on_loop([found = std::move(found)](Job& job) mutable {
            job.on_loaded(std::move(found));
        });
    };
    items.add_done_callback(std::move(arrived));
}

void Job::on_loaded(Expected<ItemsFound> found) {
    if (!found) {
        read_failed(found.error());
        return;
    }
    loading_ = false;
    if (stopping()) {
        return;
    }
    window_.add(std::move(found->items));
    window_.skip_to(found->next);
    window_grew();
}

/// Damage does not go away: what was read before is still fetched, then the job ends. Anything else
/// may, and the store is asked again, but not all the time.
void Job::read_failed(const Failure& why) {
    constexpr std::chrono::seconds pause{1};
    if (stopping()) {
        loading_ = false;
        return;
    }
    unreadable_ = why.code == failure_code::internal;
    parts_.log->error(
        "job_unreadable", {{"job", id_}, {"detail", why.detail}, {"ends", unreadable_}}
    );
    if (unreadable_ || resting_) {
        loading_ = false;
        check_end();
        return;
    }
    read_timer_.expires_after(pause);
    read_timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
        self->loading_ = false;
        if (!error) {
            self->load_more();
        }
    });
}

/// What was read from the store goes to the shards.
void Job::window_grew() {
    passed_.forget_before(window_.next_index());
    hand_out();
    load_more();
    check_end();
    consider_looking_ahead();
}

/// Gives every ready item to the shard of its host, with as many permits as there are.
void Job::hand_out() {
    if (window_.ready() == 0 || stopping() || held()) {
        return;
    }
    std::vector<std::vector<Item>> parcels(shards_.size());
    while (window_.ready() > 0) {
        auto item = window_.take();
        const auto shard = shards_.size() == 1 ? 0 : shard_of(item.url, shards_.size());
        parcels[shard].push_back(std::move(item));
    }
    for (std::size_t shard = 0; shard < parcels.size(); ++shard) {
        if (parcels[shard].empty()) {
            continue;
        }
        const auto permits = std::min(free_permits_, parcels[shard].size());
        free_permits_ -= permits;
        shards_[shard].permits += permits;
        parts_.give(shard, shared_from_this(), std::move(parcels[shard]), permits);
    }
}

void Job::lease_to_the_hungry() {
    for (std::size_t shard = 0; shard < shards_.size() && free_permits_ > 0; ++shard) {
        auto& part = shards_[shard];
        const auto permits = std::min(free_permits_, part.startable);
        if (permits == 0 || stopping() || held()) {
            continue;
        }
        free_permits_ -= permits;
        part.permits += permits;
        part.startable -= permits;
        parts_.give(shard, shared_from_this(), {}, permits);
    }
}

void Job::start(WallTime at) {
    if (record_.started_at) {
        return;
    }
    record_.started_at = at;
    JobChange change;
    if (record_.state == job_state::pending) {
        record_.state = job_state::running;
        change.state = record_.state;
    }
    change.started_at = record_.started_at;
    // Nobody waits for it: lost in a crash, it is set again by the next start.
    auto known = parts_.store->change_job(id_, change);
    known.add_done_callback([](const auto&) {});
}

void Job::check_end() {
    if (is_done(record_.state) || ending_ || record_.rerunning) {
        return;
    }
    if (record_.state == job_state::cancelling) {
        if (window_.out() == 0) {
            cancel_the_rest();
        }
        return;
    }
    if (record_.sealed && announced_.empty() && record_.tally.terminal() == record_.total) {
        finish(job_state::completed, record_.reason);
        return;
    }
    if (unreadable_ && window_.out() == 0 && window_.ready() == 0) {
        on_cancel(cancel_mode::abort, state_reason::internal, {});
    }
}

/// The store completed the job together with its last result, whatever was asked for meanwhile.
void Job::completed(WallTime at) {
    ending_ = true;
    end_state_ = job_state::completed;
    record_.reason = state_reason::none;
    record_.finished_at = at;
    record_.expires_at = at + record_.options.ttl;
    if (ttl_changed_) {
        // The shard that sent the last result may not have heard of it.
        JobChange change;
        change.expires_at = record_.expires_at;
        auto known = parts_.store->change_job(id_, change);
        known.add_done_callback([](const auto&) {});
    }
    ended();
}

/// Ends the job. What it ended as is seen once it is durable, like everything else.
void Job::finish(job_state state, state_reason reason) {
    ending_ = true;
    end_state_ = state;
    record_.reason = reason;
    record_.finished_at = parts_.clock->wall();
    record_.expires_at = *record_.finished_at + record_.options.ttl;
    JobChange change;
    change.state = state;
    change.reason = reason;
    change.finished_at = record_.finished_at;
    change.expires_at = record_.expires_at;
    auto known = parts_.store->change_job(id_, change);
    auto tell = [self = shared_from_this()](const auto&) {
        self->on_loop([](Job& job) { job.ended(); });
    };
    known.add_done_callback(std::move(tell));
}

void Job::ended() {
    if (is_done(record_.state)) {
        return;  // completed while a cancellation was under way
    }
    record_.state = end_state_;
    deadline_.cancel();
    look_timer_.cancel();
    read_timer_.cancel();
    over_.store(true, std::memory_order_release);
    publish();
    parts_.log->info(
        "job_done", {{"job", id_},
                     {"state", to_string(record_.state)},
                     {"reason", to_string(record_.reason)},
                     {"items", record_.total},
                     {"succeeded", record_.tally.succeeded},
                     {"failed", record_.tally.failed}}
    );
    parts_.ended(*this);
}

std::uint64_t Job::in_flight() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& part : shards_) {
        sum += part.in_flight;
    }
    return sum;
}

}  // namespace fanfetch
