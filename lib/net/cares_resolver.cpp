#include "net/cares_resolver.hpp"

#include "net/cares_channel.hpp"
#include "net/flight_resolver.hpp"
#include "net/lookup.hpp"

#include <boost/asio/basic_waitable_timer.hpp>

#include <unordered_map>
#include <utility>

namespace fanfetch {
namespace {

/// How often open questions are looked at: repeats, deadlines, the resolution delay.
constexpr std::chrono::milliseconds tick_length{25};
constexpr std::uint16_t dns_port = 53;

using Timer =
    boost::asio::basic_waitable_timer<Steady, boost::asio::wait_traits<Steady>, LoopExecutor>;

/// Name servers, each name asked for as A and AAAA at once.
class CaresSource final : public NameSource {
public:
    CaresSource(LoopExecutor loop, std::unique_ptr<CaresChannel> channel)
        : ticker_{std::make_shared<Ticker>(*this, loop)}, channel_{std::move(channel)} {}
    CaresSource(const CaresSource&) = delete;
    CaresSource& operator=(const CaresSource&) = delete;
    ~CaresSource() override {
        ticker_->source = nullptr;
        ticker_->timer.cancel();
        open_.clear();  // before the channel reports what it gives up
    }

    void ask(std::string name, Steady::time_point deadline, OnAnswer on_answer) override;

private:
    struct Open {
        Open(Steady::time_point deadline, OnAnswer then)
            : lookup{deadline}, on_answer{std::move(then)} {}
        Lookup lookup;
        OnAnswer on_answer;
    };
    using Lookups = std::unordered_map<std::string, std::shared_ptr<Open>>;

    /// What the loop's queue may hold of us.
    struct Ticker {
        Ticker(CaresSource& of, LoopExecutor loop) : source{&of}, timer{loop} {}
        CaresSource* source;
        Timer timer;
        bool set = false;
    };

    void ask_for(const std::string& name, record_type type, const std::shared_ptr<Open>& open);
    void finish(Lookups::iterator position, Expected<Answer> answer);
    void set_ticker();
    void tick();

    Lookups open_;
    std::shared_ptr<Ticker> ticker_;
    std::unique_ptr<CaresChannel> channel_;
};

void CaresSource::ask(std::string name, Steady::time_point deadline, OnAnswer on_answer) {
    const auto open = std::make_shared<Open>(deadline, std::move(on_answer));
    open_.insert_or_assign(name, open);
    set_ticker();
    ask_for(name, record_type::aaaa, open);
    ask_for(name, record_type::a, open);
}

void CaresSource::ask_for(
    const std::string& name, record_type type, const std::shared_ptr<Open>& open
) {
    auto on_reply = [this, name, type, weak = std::weak_ptr{open}](DnsReply reply) {
        const auto asked = weak.lock();
        if (!asked) {
            return;
        }
        asked->lookup.add(type, std::move(reply), Steady::now());
        const auto position = open_.find(name);
        if (position == open_.end() || position->second != asked) {
            return;
        }
        if (auto answer = asked->lookup.outcome(Steady::now())) {
            finish(position, std::move(*answer));
        }
    };
    channel_->ask(name, type, std::move(on_reply));
}

void CaresSource::finish(Lookups::iterator position, Expected<Answer> answer) {
    const auto open = position->second;
    open_.erase(position);
    open->on_answer(std::move(answer), open->lookup.ttl());
}

void CaresSource::set_ticker() {
    if (ticker_->set) {
        return;
    }
    ticker_->set = true;
    ticker_->timer.expires_after(tick_length);
    ticker_->timer.async_wait([ticker = ticker_](const boost::system::error_code& error) {
        ticker->set = false;
        if (!error && ticker->source != nullptr) {
            ticker->source->tick();
        }
    });
}

void CaresSource::tick() {
    channel_->tick();
    const auto now = Steady::now();
    for (auto next = open_.begin(); next != open_.end();) {
        const auto position = next++;
        if (auto answer = position->second->lookup.outcome(now)) {
            finish(position, std::move(*answer));
        }
    }
    if (!open_.empty() || channel_->busy()) {
        set_ticker();
    }
}

}  // namespace

Expected<std::unique_ptr<Resolver>> make_cares_resolver(
    LoopExecutor loop, const CaresOptions& options
) {
    ChannelOptions channel_options{.servers = {}, .patience = options.timeout};
    for (const std::string& server : options.servers) {
        const auto endpoint = parse_endpoint(server, dns_port);
        if (!endpoint) {
            return failed(
                failure_code::request_invalid,
                "reading the name server \"" + server + "\": not an address with or without a port"
            );
        }
        channel_options.servers.push_back(*endpoint);
    }
    auto channel = CaresChannel::make(loop, channel_options);
    if (!channel) {
        return channel.error();
    }
    auto source = std::make_unique<CaresSource>(loop, std::move(*channel));
    return make_flight_resolver(
        loop, std::move(source), {options.timeout, options.tenant_slots, options.cached_names}
    );
}

}  // namespace fanfetch
