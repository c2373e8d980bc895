#pragma once

#include "fetch/body_spill.hpp"
#include "store/job_store.hpp"

#include <memory>
#include <utility>

namespace fanfetch {

/// A spilled body that the store can finish.
class StoredSpill final : public SpilledBody {
public:
    explicit StoredSpill(std::unique_ptr<LongBody> body) noexcept : body_{std::move(body)} {}

    Expected<void> append(std::string_view bytes) override { return body_->append(bytes); }
    [[nodiscard]] LongBody& long_body() noexcept { return *body_; }

private:
    std::unique_ptr<LongBody> body_;
};

/// Sends long bodies into segments of the store.
class StoreSpill final : public BodySpill {
public:
    explicit StoreSpill(JobStore& store) noexcept : store_{store} {}

    Expected<std::unique_ptr<SpilledBody>> begin() override {
        auto body = store_.begin_long_body();
        if (!body) {
            return body.error();
        }
        return std::unique_ptr<SpilledBody>{std::make_unique<StoredSpill>(std::move(*body))};
    }

private:
    JobStore& store_;
};

}  // namespace fanfetch
