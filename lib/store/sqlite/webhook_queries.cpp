#include "store/sqlite/delivery_row.hpp"
#include "store/sqlite/queries.hpp"

#include <algorithm>
#include <string>
#include <utility>

// The part of Queries that deals with callbacks and deliveries.

namespace fanfetch::sqlite {
namespace {

WallTime wall_time(std::int64_t milliseconds) {
    return WallTime{std::chrono::milliseconds{milliseconds}};
}

template <class Enum>
std::optional<int> number(const std::optional<Enum>& value) {
    std::optional<int> stored;
    if (value) {
        stored = static_cast<int>(*value);
    }
    return stored;
}

/// A delivery that may be sent, before its payload is read.
struct Candidate {
    std::int64_t key = 0;
    std::int64_t due_at = 0;
    std::string endpoint;
    DeliveryRecord record;
};

/// Walks over the endpoints that have something in the outbox, in the order of tenant and
/// endpoint, each in two look-ups however much it has.
class Endpoints {
public:
    // Greater than any endpoint, which all begin with "http".
    static constexpr std::string_view past_all = "~";

    Endpoints(Connection& connection, const std::string& from)
        : next_{
              connection,
              "SELECT tenant, endpoint FROM deliveries WHERE state = 0"
              " AND (tenant, endpoint) > (?, ?) ORDER BY tenant, endpoint LIMIT 1"} {
        const auto end = from.find('\n');
        if (end != std::string::npos) {
            tenant_ = from.substr(0, end);
            endpoint_ = from.substr(end + 1);
        }
    }

    [[nodiscard]] bool next() {
        const Rows rows{next_};
        if (!next_.bind(tenant_, endpoint_).step()) {
            return false;
        }
        std::string tenant{next_.text(0)};
        endpoint_ = next_.text(1);
        tenant_ = std::move(tenant);
        return true;
    }
    void pass_over_tenant() { endpoint_ = past_all; }

    [[nodiscard]] const std::string& tenant() const noexcept { return tenant_; }
    [[nodiscard]] const std::string& endpoint() const noexcept { return endpoint_; }
    [[nodiscard]] std::string position() const { return tenant_ + '\n' + endpoint_; }

private:
    Statement next_;
    std::string tenant_;
    std::string endpoint_;
};

}  // namespace

DeliveryRecord delivery_record(const Statement& row) {
    DeliveryRecord record;
    record.id = row.text(0);
    record.job_id = row.text(1);
    record.callback_id = row.text(2);
    record.tenant = row.text(3);
    record.event = static_cast<webhook_event>(row.number(4));
    record.run = static_cast<std::uint32_t>(row.number(5));
    record.state = static_cast<delivery_state>(row.number(6));
    record.attempts = static_cast<std::uint32_t>(row.number(7));
    record.created_at = wall_time(row.number(8));
    if (record.state == delivery_state::pending) {
        record.next_attempt_at = wall_time(row.number(9));
    }
    if (!row.is_null(10)) {
        record.last = DeliveryAttempt{
            wall_time(row.number(10)), static_cast<std::uint16_t>(row.number(11)),
            static_cast<std::uint64_t>(row.number(12)), static_cast<failure_code>(row.number(13))};
    }
    return record;
}

std::vector<CallbackRecord> Queries::callbacks(const std::string& job_id) {
    return in_one_moment([&] {
        Statement find{
            connection_,
            "SELECT c.id, c.tenant, c.json, c.made, c.state, c.created_at FROM callbacks c"
            " JOIN jobs j ON j.key = c.job WHERE j.id = ? ORDER BY c.key"};
        find.bind(job_id);
        std::vector<CallbackRecord> list;
        while (find.step()) {
            auto order = callback_order_from_json(find.text(2));
            if (!order) {
                throw_damaged("a callback cannot be read");
            }
            CallbackRecord record;
            record.id = find.text(0);
            record.job_id = job_id;
            record.tenant = find.text(1);
            record.order = *std::move(order);
            record.secret_made = find.number(3) != 0;
            record.state = static_cast<callback_state>(find.number(4));
            record.created_at = wall_time(find.number(5));
            list.push_back(std::move(record));
        }
        return list;
    });
}

DueFound Queries::due_deliveries(const DueQuery& query) {
    constexpr std::size_t most_endpoints = 1000;
    return in_one_moment([&] {
        const auto now = std::int64_t{query.now.time_since_epoch().count()};
        Statement due_of{
            connection_, std::string{delivery_columns} +
                             ", key, due_at FROM deliveries WHERE state = 0 AND tenant = ?"
                             " AND endpoint = ? AND due_at <= ? ORDER BY due_at, key LIMIT ?"};
        DueFound found;
        std::vector<Candidate> candidates;
        Endpoints endpoints{connection_, query.from};
        std::size_t looked_at = 0;
        while (looked_at < most_endpoints && endpoints.next()) {
            if (query.passes_over && query.passes_over(endpoints.tenant())) {
                endpoints.pass_over_tenant();
                continue;
            }
            ++looked_at;
            Rows rows{
                due_of.bind(endpoints.tenant(), endpoints.endpoint(), now, query.per_endpoint)};
            while (rows.next()) {
                candidates.push_back(
                    {due_of.number(columns_of_delivery), due_of.number(columns_of_delivery + 1),
                     endpoints.endpoint(), delivery_record(due_of)}
                );
            }
        }
        found.more = looked_at == most_endpoints;
        found.next_from = found.more ? endpoints.position() : std::string{};
        std::ranges::sort(candidates, {}, [](const Candidate& one) {
            return std::pair{one.due_at, one.key};
        });
        Statement read{
            connection_,
            "SELECT d.payload, c.json FROM deliveries d"
            " JOIN callbacks c ON c.key = d.callback WHERE d.key = ?"};
        for (auto& one : candidates) {
            if (found.due.size() >= query.limit) {
                found.more = true;
                break;
            }
            if (query.takes && !query.takes(one.record, one.endpoint)) {
                continue;
            }
            Rows rows{read.bind(one.key)};
            auto order =
                rows.next() ? callback_order_from_json(read.text(1)) : Expected<CallbackOrder>{};
            if (!order || order->url.empty()) {
                throw_damaged("a delivery cannot be read");
            }
            found.due.push_back(
                {std::move(one.record), std::move(one.endpoint), std::string{read.text(0)},
                 *std::move(order)}
            );
        }
        Statement behind{
            connection_,
            "SELECT 1 FROM callbacks c JOIN jobs j ON j.key = c.job"
            " WHERE c.following = 1 AND (c.cursor < j.last_seq OR j.state >= 4)"
            " LIMIT 1"};
        found.behind = behind.step();
        Statement next{
            connection_, "SELECT min(due_at) FROM deliveries WHERE state = 0 AND due_at > ?"};
        if (next.bind(now).step() && !next.is_null(0)) {
            found.next_due = wall_time(next.number(0));
        }
        return found;
    });
}

std::vector<DeliveryRecord> Queries::deliveries(const DeliveryQuery& query) {
    return in_one_moment([&] {
        Statement find{
            connection_, std::string{delivery_columns} +
                             " FROM deliveries WHERE tenant = ?1 AND (?2 = '' OR id < ?2)"
                             " AND (?3 = '' OR job_id = ?3) AND (?4 = '' OR callback_id = ?4)"
                             " AND (?5 IS NULL OR state = ?5) AND (?6 IS NULL OR event = ?6)"
                             " ORDER BY id DESC LIMIT ?7"};
        find.bind(
            query.tenant, query.before_id, query.job_id, query.callback_id, number(query.state),
            number(query.event), query.limit
        );
        std::vector<DeliveryRecord> list;
        while (find.step()) {
            list.push_back(delivery_record(find));
        }
        return list;
    });
}

}  // namespace fanfetch::sqlite
