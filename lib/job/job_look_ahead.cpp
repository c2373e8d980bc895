#include "job/job.hpp"
#include "job/store_read.hpp"

#include <algorithm>
#include <memory>
#include <utility>

// Looking past hosts that hold up the window: when permits lie idle although it is full, the store
// is searched for items of other hosts. What is passed over is fetched by and by, host by host.

namespace fanfetch {
namespace {

constexpr std::size_t smallest_share = 16;      // items of one host
constexpr std::size_t parts_of_room = 8;        // a host's share of the room that is left
constexpr std::size_t longest_search = 65'536;  // items looked at in one go

/// What a search of the store brings back.
struct Search {
    ItemsFound found;
    PassedHosts passed;
};

HostId host_of(const Item& item) {
    return host_id_of(host_key_of(item.url));
}

/// Looks for items of hosts that have room, and passes over the others.
Search search_ahead(JobStore& store, ItemScan scan, PassedHosts passed, HostShares& shares) {
    scan.choose = [&](const Item& item) {
        const auto host = host_of(item);
        if (passed.holds(host)) {
            return item_choice::pass;
        }
        if (passed.full() || shares.take(host)) {
            return item_choice::take;
        }
        passed.pass(host, item.index);
        return item_choice::pass;
    };
    auto found = store.scan_unfinished(scan);
    return {std::move(found), std::move(passed)};
}

/// Takes up what was passed over of the hosts in `wanting`, each in the order of its items.
Search search_back(
    JobStore& store, ItemScan scan, PassedHosts passed, const PassedHosts& wanting,
    HostShares& shares
) {
    PassedHosts refused;  // they have got their share; with all of them here nobody wants more
    scan.choose = [&](const Item& item) {
        if (refused.size() == wanting.size()) {
            return item_choice::stop;
        }
        const auto host = host_of(item);
        if (!wanting.passed(host, item.index) || refused.holds(host)) {
            return item_choice::pass;
        }
        if (shares.take(host)) {
            return item_choice::take;
        }
        refused.pass(host, item.index);
        return item_choice::pass;
    };
    auto found = store.scan_unfinished(scan);
    wanting.for_each([&](HostId host, std::uint64_t from) {
        passed.taken(host, refused.from(host).value_or(std::max(from, found.next)));
    });
    return {std::move(found), std::move(passed)};
}

}  // namespace

bool Job::must_look_ahead() const noexcept {
    if (stopping() || held() || resting_ || unreadable_) {
        return false;
    }
    if (!passed_.empty()) {
        return true;
    }
    // A window full of results on their way to disk is held up by the store, not by hosts.
    const auto on_shards = window_.out() - std::min<std::size_t>(window_.out(), uncommitted_);
    return free_permits_ > 0 && window_.ready() == 0 && on_shards > window_.capacity() / 2 &&
           window_.next_index() < record_.total;
}

/// Looks in a moment, when there is still reason to.
void Job::consider_looking_ahead() {
    constexpr std::chrono::milliseconds longest_pause{500};
    if (look_armed_ || looking_ || !must_look_ahead()) {
        return;
    }
    look_armed_ = true;
    look_timer_.expires_after(look_pause_);
    look_pause_ = std::min(longest_pause, look_pause_ * 2);
    look_timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
        self->look_armed_ = false;
        if (!error && !self->looking_ && !self->loading_ && self->must_look_ahead()) {
            self->ask_for_backlog();
        }
    });
}

void Job::ask_for_backlog() {
    looking_ = true;
    backlog_.clear();
    awaited_backlogs_ = shards_.size();
    for (std::size_t shard = 0; shard < shards_.size(); ++shard) {
        parts_.ask_backlog(shard, shared_from_this());
    }
}

void Job::backlog(HostBacklog backlog) {
    on_loop([backlog = std::move(backlog)](Job& job) mutable {
        job.backlog_.merge(backlog);
        if (--job.awaited_backlogs_ > 0) {
            return;
        }
        if (job.loading_ || job.stopping()) {
            job.looking_ = false;
            job.consider_looking_ahead();
        } else {
            job.look_ahead();
        }
    });
}

/// First what was passed over of hosts that have little left to do, then what lies ahead.
void Job::look_ahead() {
    const auto room = window_.spare_room();
    const auto share = std::max(smallest_share, room / parts_of_room);
    auto wanting = passed_.short_of_work(backlog_, share / 2);
    ItemScan scan;
    scan.job_id = id_;
    scan.limit = room;
    scan.max_bytes = Window::most_bytes;
    scan.most_looked_at = longest_search;
    const bool back = !wanting.empty();
    scan.from = back ? wanting.first() : window_.next_index();
    scan.end = back ? window_.next_index() : record_.total;
    if (room == 0 || scan.from >= scan.end || (!back && passed_.full())) {
        looking_ = false;
        consider_looking_ahead();
        return;
    }
    loading_ = true;
    HostShares shares{std::move(backlog_), share};
    auto search = [store = parts_.store, scan = std::move(scan), passed = passed_,
                   wanting = std::move(wanting), shares = std::move(shares), back]() mutable {
        return back ? search_back(*store, std::move(scan), std::move(passed), wanting, shares)
                    : search_ahead(*store, std::move(scan), std::move(passed), shares);
    };
    auto searched = parts_.blocking->submit(std::move(search));
    auto arrived = [self = shared_from_this(), back](const auto& done) {
        auto result = outcome_of_read(done);
        self->on_loop([result = std::move(result), back](Job& job) mutable {
            if (!result) {
                job.looking_ = false;
                job.read_failed(result.error());
                return;
            }
            job.on_found(std::move(result->found), std::move(result->passed), back);
        });
    };
    searched.add_done_callback(std::move(arrived));
}

void Job::on_found(ItemsFound found, PassedHosts passed, bool back) {
    loading_ = false;
    looking_ = false;
    if (stopping()) {
        return;
    }
    passed_ = std::move(passed);
    if (!found.items.empty()) {
        look_pause_ = shortest_look_pause;
    }
    if (back) {
        window_.add_passed(std::move(found.items));
    } else {
        window_.add(std::move(found.items));
        window_.skip_to(found.next);
    }
    window_grew();
}

}  // namespace fanfetch
