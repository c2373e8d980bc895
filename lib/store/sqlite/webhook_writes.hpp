#pragma once

#include "store/sqlite/write.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace fanfetch::sqlite {

// One class for each thing that WebhookStore can be asked to write.

class AddCallback final : public WriteWithAnswer<void> {
public:
    AddCallback(CallbackRecord callback, std::optional<RequestKey> key)
        : callback_{std::move(callback)}, key_{std::move(key)} {}
    [[nodiscard]] bool write_rows(WriteSession& session) override;

private:
    CallbackRecord callback_;
    std::optional<RequestKey> key_;
};

class RemoveCallback final : public WriteWithAnswer<void> {
public:
    RemoveCallback(std::string job_id, std::string callback_id)
        : job_id_{std::move(job_id)}, callback_id_{std::move(callback_id)} {}
    [[nodiscard]] bool write_rows(WriteSession& session) override;

private:
    std::string job_id_;
    std::string callback_id_;
};

class FillOutbox final : public WriteWithAnswer<bool> {
public:
    explicit FillOutbox(OutboxFill fill) : fill_{fill} {}
    [[nodiscard]] std::size_t items() const noexcept override { return fill_.most_results; }
    [[nodiscard]] bool write_rows(WriteSession& session) override;

private:
    OutboxFill fill_;
};

class SettleDeliveries final : public WriteWithAnswer<void> {
public:
    explicit SettleDeliveries(std::vector<DeliverySettlement> settled)
        : settled_{std::move(settled)} {}
    [[nodiscard]] std::size_t items() const noexcept override { return settled_.size(); }
    [[nodiscard]] bool write_rows(WriteSession& session) override;
    [[nodiscard]] bool try_again() override { return true; }  // it was sent, whatever the disk says

private:
    std::vector<DeliverySettlement> settled_;
};

class ReplayDelivery final : public WriteWithAnswer<DeliveryRecord> {
public:
    ReplayDelivery(std::string tenant, std::string id, WallTime now)
        : tenant_{std::move(tenant)}, id_{std::move(id)}, now_{now} {}
    [[nodiscard]] bool write_rows(WriteSession& session) override;

private:
    std::string tenant_;
    std::string id_;
    WallTime now_;
};

class PruneDeliveries final : public WriteWithAnswer<bool> {
public:
    explicit PruneDeliveries(DeliveryRetention retention) : retention_{retention} {}
    [[nodiscard]] bool write_rows(WriteSession& session) override;

private:
    DeliveryRetention retention_;
};

}  // namespace fanfetch::sqlite
