#pragma once

#include "fetch/fetcher.hpp"
#include "fetch/robots_cache.hpp"
#include "job/job_runner.hpp"
#include "model/item_extras.hpp"

#include <memory>

namespace fanfetch {

/// What an attempt at an item is made with: its URL, and the job's options or, where it has any of
/// its own, the item's. The job outlives it.
class AttemptPlan {
public:
    AttemptPlan(const Item& item, const JobFrontEnd& job) : job_{job}, url_{Url::parse(item.url)} {
        if (!item.extras.empty()) {
            own_ = std::make_unique<FetchOptions>(item_options(job.options().fetch, item.extras));
        }
    }

    [[nodiscard]] const Expected<Url>& url() const noexcept { return url_; }
    [[nodiscard]] const FetchOptions& options() const noexcept {
        return own_ ? *own_ : job_.options().fetch;
    }
    [[nodiscard]] RobotsQuestion robots_question() const noexcept {
        return {job_.tenant(), &*url_, options().verify};
    }
    [[nodiscard]] FetchOrder order() const {
        FetchOrder order;
        order.url = &*url_;
        order.options = &options();
        order.tenant = job_.tenant();
        order.store_body = job_.options().store_body;
        order.show_body = job_.options().extract != 0;
        order.hash_later = true;
        return order;
    }

private:
    const JobFrontEnd& job_;
    Expected<Url> url_;
    std::unique_ptr<FetchOptions> own_;
};

}  // namespace fanfetch
