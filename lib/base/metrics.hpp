#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fanfetch {

/// A label and the closed set of its values. What a client or an origin says is never a label.
struct MetricLabel {
    std::string name;
    std::vector<std::string> values;
};

/// What a metric is called and means.
///
/// Units  the name ends in its base unit: `_seconds`, `_bytes`; counters end in `_total`
struct MetricSpec {
    std::string name;  ///< "fanfetch_…"
    std::string help;
    std::vector<MetricLabel> labels;
};

/// One number of a metric: one shard's, for one combination of label values.
///
/// Only the shard's thread writes, so that adding is a load and a store, no locked instruction; a
/// scrape reads it at any time.
class MetricCell {
public:
    void add(std::uint64_t n = 1) noexcept {
        bits_.store(bits_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    void subtract(std::uint64_t n = 1) noexcept { add(0 - n); }
    void set(std::int64_t value) noexcept {
        bits_.store(static_cast<std::uint64_t>(value), std::memory_order_relaxed);
    }
    /// As `add`, from a thread that is no shard's.
    void add_shared(std::uint64_t n = 1) noexcept { bits_.fetch_add(n, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t value() const noexcept {
        return bits_.load(std::memory_order_relaxed);
    }

private:
    std::atomic<std::uint64_t> bits_{0};
};

/// Cells for every shard and, past the last shard, for the threads that are none. No two shards
/// share a cache line.
class MetricCells {
public:
    MetricCells(std::size_t shards, std::size_t per_shard);

    [[nodiscard]] MetricCell& at(std::size_t shard, std::size_t n) const noexcept {
        return lines_[shard * lines_per_shard_ + n / cells_per_line].cells[n % cells_per_line];
    }
    [[nodiscard]] MetricCell& elsewhere(std::size_t n) const noexcept { return at(shards_, n); }
    /// The n-th cells of all shards, added up.
    [[nodiscard]] std::uint64_t sum(std::size_t n) const noexcept;
    [[nodiscard]] std::size_t shards() const noexcept { return shards_; }

private:
    static constexpr std::size_t cache_line = 64;
    static constexpr std::size_t cells_per_line = cache_line / sizeof(MetricCell);
    struct alignas(cache_line) Line {
        MetricCell cells[cells_per_line];
    };

    std::size_t shards_;
    std::size_t lines_per_shard_;
    std::unique_ptr<Line[]> lines_;
};

/// A handle on a counter or gauge: copied freely, must not outlive the registry that made it.
///
/// A label value is named by its place in the MetricLabel: keep it beside an enum.
class Metric {
public:
    /// A shard's own cell.
    [[nodiscard]] MetricCell& at(
        std::size_t shard, std::size_t value = 0, std::size_t second_value = 0
    ) const noexcept {
        return cells_->at(shard, value * stride_ + second_value);
    }
    /// The cell of threads that are no shard's (the store's writer, pools): use `add_shared`.
    [[nodiscard]] MetricCell& elsewhere(std::size_t value = 0, std::size_t second_value = 0)
        const noexcept {
        return cells_->elsewhere(value * stride_ + second_value);
    }

protected:
    Metric(const MetricCells& cells, std::size_t stride) noexcept
        : cells_{&cells}, stride_{stride} {}

private:
    const MetricCells* cells_;
    std::size_t stride_;  // how many values the second label has
};

/// Only ever grows.
class Counter : public Metric {
    using Metric::Metric;
    friend class MetricRegistry;
};

/// Goes up and down; a scrape sees the sum over the shards.
class Gauge : public Metric {
    using Metric::Metric;
    friend class MetricRegistry;
};

/// How values spread over buckets with fixed upper bounds.
class Histogram {
public:
    /// Counts one value. Units: the metric's.
    void observe(std::size_t shard, double value) const noexcept;
    /// As `observe`, from the one thread beside the shards that does so for this metric.
    void observe_elsewhere(double value) const noexcept { observe(cells_->shards(), value); }

private:
    friend class MetricRegistry;
    Histogram(const MetricCells& cells, std::span<const double> bounds) noexcept
        : cells_{&cells}, bounds_{bounds} {}

    const MetricCells* cells_;  // a bucket each, the one without a bound, the sum
    std::span<const double> bounds_;
};

/// Every metric of the program, and their text for Prometheus.
///
/// Errors   std::logic_error for a name that is taken or breaks the rules of MetricSpec
/// Threads  metrics are made before the shards start; `write` may run at any time after
/// Source   Prometheus text exposition format 0.0.4
class MetricRegistry {
public:
    explicit MetricRegistry(std::size_t shards);
    ~MetricRegistry();
    MetricRegistry(const MetricRegistry&) = delete;
    MetricRegistry& operator=(const MetricRegistry&) = delete;

    /// At most two labels.
    [[nodiscard]] Counter counter(MetricSpec spec);
    [[nodiscard]] Gauge gauge(MetricSpec spec);
    /// A gauge without cells: `read` is asked at every scrape, on the thread that scrapes.
    void gauge(MetricSpec spec, std::function<double()> read);
    /// `bounds` rise; the bucket without a bound is added. A histogram has no labels.
    [[nodiscard]] Histogram histogram(MetricSpec spec, std::vector<double> bounds);

    /// Appends the whole exposition, metrics by name.
    void write(std::string& out) const;
    /// The names, sorted.
    [[nodiscard]] std::vector<std::string> names() const;

    /// The Content-Type of what `write` writes.
    static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

private:
    struct Entry;
    Entry& enter(MetricSpec spec, std::string_view type, std::size_t cells);

    std::size_t shards_;
    std::map<std::string, std::unique_ptr<Entry>, std::less<>> entries_;
};

}  // namespace fanfetch
