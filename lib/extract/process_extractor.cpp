#include "extract/extract_task.hpp"
#include "extract/extractor.hpp"
#include "future/errors.hpp"
#include "future/promise.hpp"
#include "process/process_pool_executor.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

namespace fanfetch {
namespace {

const auto prepare_task = register_task<"extract.prepare">(prepare_extraction);
const auto document_task = register_task<"extract.document">(extract_document);

/// Room for the document, its URL and the names around it.
constexpr std::uint64_t frame_overhead = std::uint64_t{64} << 10U;

class ProcessExtractor final : public Extractor {
public:
    explicit ProcessExtractor(const ExtractorOptions& options) : options_{options} {
        bounds_.parser_bytes = static_cast<std::size_t>(options.memory.bytes / 2);
    }
    ProcessExtractor(const ProcessExtractor&) = delete;
    ProcessExtractor& operator=(const ProcessExtractor&) = delete;

    ~ProcessExtractor() override {
        if (pool_) {
            pool_->kill_workers();
            pool_->shutdown();  // calls that end meanwhile still use it
        }
    }

    Future<Expected<ExtractedDocument>> extract(ExtractOrder order) override {
        auto trial = std::make_shared<Trial>();
        trial->order = std::move(order);
        auto answer = trial->answer.get_future();
        if (trial->order.bytes.size() > longest_document) {
            trial->answer.set_result(failed(
                failure_code::extract_failed, "parsing the document: it is too long for that"
            ));
            return answer;
        }
        attempt(trial);
        return answer;
    }

    [[nodiscard]] std::optional<std::string> broken() const override {
        const std::lock_guard lock{mutex_};
        return pool_ ? pool_->broken() : std::nullopt;
    }

private:
    using Answer = Expected<ExtractedDocument>;

    struct Trial {
        ExtractOrder order;
        Promise<Answer> answer;
        int made = 0;
    };

    /// The pool starts with the first document: most programs never see one.
    ProcessPoolExecutor& pool() {
        const std::lock_guard lock{mutex_};
        if (!pool_) {
            ProcessPoolOptions options;
            options.max_workers = options_.workers;
            options.crash_policy = crash_policy::replace_worker;
            options.crash_loop_limit = std::nullopt;  // documents kill workers, one after the other
            options.task_time_limit = options_.time_limit;
            options.max_tasks_per_child = 10'000;
            options.initializer = WorkerInitializer{prepare_task};
            options.max_frame_bytes = ByteSize{longest_document + frame_overhead};
            options.sandbox = sandbox::strict();
            options.sandbox->memory = options_.memory;
            pool_.emplace(std::move(options));
        }
        return *pool_;
    }

    void attempt(const std::shared_ptr<Trial>& trial) {
        ++trial->made;
        const auto& order = trial->order;
        try {
            auto call = pool().submit(
                document_task, order.parts, order.url, order.content_type, order.bytes, bounds_
            );
            auto done = [this, trial](const Future<ExtractedDocument>& future) {
                conclude(trial, future);
            };
            call.add_done_callback(std::move(done));
        } catch (const std::exception& error) {  // the pool is broken, or shutting down
            trial->answer.try_set_result(failed(
                failure_code::extract_failed, std::string{"parsing the document: "} + error.what()
            ));
        }
    }

    void conclude(const std::shared_ptr<Trial>& trial, const Future<ExtractedDocument>& future) {
        bool again = false;
        try {
            auto taken = Future<ExtractedDocument>{future};  // nobody else has it
            trial->answer.try_set_result(std::move(taken).take());
        } catch (const BrokenProcessPool& error) {
            again = trial->made < options_.attempts && !broken();
            if (!again) {
                trial->answer.try_set_result(failed(
                    failure_code::extract_crashed,
                    std::string{"parsing the document: "} + error.what()
                ));
            }
        } catch (const std::exception& error) {
            trial->answer.try_set_result(failed(
                failure_code::extract_failed, std::string{"parsing the document: "} + error.what()
            ));
        }
        if (again) {
            attempt(trial);
        }
    }

    ExtractorOptions options_;
    ExtractBounds bounds_;
    mutable std::mutex mutex_;
    std::optional<ProcessPoolExecutor> pool_;
};

}  // namespace

bool is_html(std::string_view content_type) noexcept {
    auto type = content_type.substr(0, content_type.find(';'));
    while (type.ends_with(' ') || type.ends_with('\t')) {
        type.remove_suffix(1);
    }
    const auto same = [type](std::string_view wanted) {
        return std::ranges::equal(type, wanted, [](char a, char b) {
            return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
        });
    };
    return same("text/html") || same("application/xhtml+xml");
}

std::unique_ptr<Extractor> make_process_extractor(const ExtractorOptions& options) {
    return std::make_unique<ProcessExtractor>(options);
}

}  // namespace fanfetch
