#include "base/metrics.hpp"

#include "base/json_text.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace fanfetch {
namespace {

constexpr std::size_t most_labels = 2;

bool is_name(std::string_view text) noexcept {
    return !text.empty() && !(text.front() >= '0' && text.front() <= '9') &&
           std::ranges::all_of(text, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
           });
}

std::size_t combinations(const MetricSpec& spec) noexcept {
    std::size_t count = 1;
    for (const auto& label : spec.labels) {
        count *= label.values.size();
    }
    return count;
}

std::size_t second_label_size(const MetricSpec& spec) noexcept {
    return spec.labels.size() == most_labels ? spec.labels[1].values.size() : 1;
}

void check(const MetricSpec& spec, std::string_view type) {
    const bool counts = spec.name.ends_with("_total");
    bool good = is_name(spec.name) && spec.name.starts_with("fanfetch_") && !spec.help.empty() &&
                counts == (type == "counter") && spec.labels.size() <= most_labels;
    for (const auto& label : spec.labels) {
        good = good && is_name(label.name) && !label.values.empty();
    }
    if (!good) {
        throw std::logic_error{"metric " + spec.name + " breaks the rules of MetricSpec"};
    }
}

/// Escapes what a quoted label value (or, without the quote, a help text) may not hold as it is.
void append_escaped(std::string& out, std::string_view text, bool quoted) {
    for (const char c : text) {
        if (c == '\\') {
            out += "\\\\";
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '"' && quoted) {
            out += "\\\"";
        } else {
            out += c;
        }
    }
}

void append_label(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append("=\"");
    append_escaped(out, value, true);
    out += '"';
}

void append_value(std::string& out, double value) {
    if (std::isnan(value)) {
        out += "NaN";
    } else if (std::isinf(value)) {
        out += value > 0 ? "+Inf" : "-Inf";
    } else {
        append_json_number(out, value);
    }
}

}  // namespace

MetricCells::MetricCells(std::size_t shards, std::size_t per_shard)
    : shards_{shards},
      lines_per_shard_{(per_shard + cells_per_line - 1) / cells_per_line},
      lines_{std::make_unique<Line[]>((shards + 1) * lines_per_shard_)} {}

std::uint64_t MetricCells::sum(std::size_t n) const noexcept {
    std::uint64_t total = 0;
    for (std::size_t shard = 0; shard <= shards_; ++shard) {
        total += at(shard, n).value();
    }
    return total;
}

void Histogram::observe(std::size_t shard, double value) const noexcept {
    const auto bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
    cells_->at(shard, static_cast<std::size_t>(bucket)).add();
    auto& sum = cells_->at(shard, bounds_.size() + 1);
    sum.set(std::bit_cast<std::int64_t>(std::bit_cast<double>(sum.value()) + value));
}

struct MetricRegistry::Entry {
    MetricSpec spec;
    std::string_view type;
    MetricCells cells;
    std::vector<double> bounds;    // of a histogram
    std::function<double()> read;  // of a gauge without cells

    void write(std::string& out) const {
        out.append("# HELP ").append(spec.name).append(" ");
        append_escaped(out, spec.help, false);
        out.append("\n# TYPE ").append(spec.name).append(" ").append(type).append("\n");
        if (read) {
            out.append(spec.name).append(" ");
            append_value(out, read());
            out += '\n';
        } else if (!bounds.empty()) {
            write_histogram(out);
        } else {
            write_cells(out);
        }
    }

    void write_cells(std::string& out) const {
        const auto stride = second_label_size(spec);
        for (std::size_t n = 0; n < combinations(spec); ++n) {
            out += spec.name;
            if (!spec.labels.empty()) {
                out += '{';
                append_label(out, spec.labels[0].name, spec.labels[0].values[n / stride]);
                if (spec.labels.size() == most_labels) {
                    out += ',';
                    append_label(out, spec.labels[1].name, spec.labels[1].values[n % stride]);
                }
                out += '}';
            }
            const auto sum = cells.sum(n);
            out += ' ';
            out += type == "gauge" ? std::to_string(static_cast<std::int64_t>(sum))
                                   : std::to_string(sum);
            out += '\n';
        }
    }

    void write_histogram(std::string& out) const {
        std::uint64_t count = 0;
        for (std::size_t bucket = 0; bucket <= bounds.size(); ++bucket) {
            count += cells.sum(bucket);
            out.append(spec.name).append("_bucket{le=\"");
            append_value(out, bucket < bounds.size() ? bounds[bucket] : HUGE_VAL);
            out.append("\"} ").append(std::to_string(count)).append("\n");
        }
        double sum = 0;
        for (std::size_t shard = 0; shard <= cells.shards(); ++shard) {
            sum += std::bit_cast<double>(cells.at(shard, bounds.size() + 1).value());
        }
        out.append(spec.name).append("_sum ");
        append_value(out, sum);
        out.append("\n").append(spec.name).append("_count ").append(std::to_string(count));
        out += '\n';
    }
};

MetricRegistry::MetricRegistry(std::size_t shards) : shards_{shards} {}
MetricRegistry::~MetricRegistry() = default;

MetricRegistry::Entry& MetricRegistry::enter(
    MetricSpec spec, std::string_view type, std::size_t cells
) {
    check(spec, type);
    const auto name = spec.name;
    auto entry = std::unique_ptr<Entry>{
        new Entry{std::move(spec), type, MetricCells{shards_, cells}, {}, {}}};
    const auto [place, added] = entries_.emplace(name, std::move(entry));
    if (!added) {
        throw std::logic_error{"metric " + name + " is made twice"};
    }
    return *place->second;
}

Counter MetricRegistry::counter(MetricSpec spec) {
    const auto cells = combinations(spec);
    const auto& entry = enter(std::move(spec), "counter", cells);
    return Counter{entry.cells, second_label_size(entry.spec)};
}

Gauge MetricRegistry::gauge(MetricSpec spec) {
    const auto cells = combinations(spec);
    const auto& entry = enter(std::move(spec), "gauge", cells);
    return Gauge{entry.cells, second_label_size(entry.spec)};
}

void MetricRegistry::gauge(MetricSpec spec, std::function<double()> read) {
    enter(std::move(spec), "gauge", 1).read = std::move(read);
}

Histogram MetricRegistry::histogram(MetricSpec spec, std::vector<double> bounds) {
    const bool rising = std::ranges::adjacent_find(bounds, std::greater_equal<>{}) == bounds.end();
    if (bounds.empty() || !rising || !spec.labels.empty()) {
        throw std::logic_error{"metric " + spec.name + " needs rising bounds and no labels"};
    }
    auto& entry = enter(std::move(spec), "histogram", bounds.size() + 2);
    entry.bounds = std::move(bounds);
    return Histogram{entry.cells, entry.bounds};
}

void MetricRegistry::write(std::string& out) const {
    for (const auto& [name, entry] : entries_) {
        entry->write(out);
    }
}

std::vector<std::string> MetricRegistry::names() const {
    std::vector<std::string> names;
    for (const auto& [name, entry] : entries_) {
        names.push_back(name);
    }
    return names;
}

}  // namespace fanfetch
