// A list of files, downloaded in four styles: one after the other, in a thread pool with `map`, in
// a thread pool with `as_completed`, and by coroutines on one thread.
//
//     flags --into FOLDER http://127.0.0.1:8000/fr.svg http://127.0.0.1:8000/it.svg ...
//     flags --style coroutines --into FOLDER ...
//
// Each style has a folder of its own in FOLDER. What comes out is the same: the same files, the
// same counts. What differs is the time, and in which order the files are there. The first three
// styles share `download`, a plain blocking function, as the scripts with `requests` do in Python;
// the fourth, as with `aiohttp`, needs one that awaits, `download_on_loop`. `run_batch` is all the
// rest: who calls it, where, and how many at a time (30).

#include "archive/safe_name.hpp"
#include "batch/drivers.hpp"
#include "coro/event_loop.hpp"
#include "coro/gather.hpp"
#include "coro/run_in_executor.hpp"
#include "executor/thread_pool_executor.hpp"
#include "net/cares_resolver.hpp"
#include "url/url.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <ranges>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using namespace fanfetch;
using boost::asio::ip::tcp;
namespace http = boost::beast::http;

namespace {

/// A style, and what it is called here.
struct Style {
    batch_style how;
    std::string_view name;
};
constexpr Style all_styles[] = {
    {batch_style::sequential, "sequential"},
    {batch_style::pool_map, "map"},
    {batch_style::pool_as_completed, "as_completed"},
    {batch_style::coroutines, "coroutines"}};

/// A file to fetch: from where, which may not be known, and what went wrong with it.
struct Flag {
    Url url;
    Result<tcp::endpoint> address;
    std::filesystem::path file;
    std::string trouble{};
};

constexpr std::size_t longest_head = 16'384;

using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

Request request_for(const Url& url) {
    Request request{http::verb::get, url.target(), 11};
    request.set(http::field::host, url.host_header());
    request.set(http::field::connection, "close");
    return request;
}

/// Saves what was sent, or says why there is nothing to save.
item_end save(const Response& response, const std::filesystem::path& file) {
    if (response.result() == http::status::not_found) {
        return item_end::not_found;
    }
    if (response.result() != http::status::ok) {
        throw std::runtime_error{
            "HTTP " + std::to_string(response.result_int()) + " " + std::string{response.reason()}};
    }
    std::ofstream out{file, std::ios::binary};
    if (!out.write(response.body().data(), static_cast<std::streamsize>(response.body().size()))) {
        throw std::runtime_error{"writing " + file.string() + " failed"};
    }
    return item_end::ok;
}

/// Fetches one file, and blocks until it is saved.
item_end download(const Flag& flag) {
    boost::asio::io_context context;
    tcp::socket socket{context};
    socket.connect(flag.address.value());
    http::write(socket, request_for(flag.url));

    boost::beast::flat_buffer buffer{longest_head};
    Response response;
    http::read(socket, buffer, response);
    return save(response, flag.file);
}

/// The same, but lets the loop go on with others wherever there is something to wait for. Saving
/// blocks, so it is done in `disk`.
awaitable<item_end> download_on_loop(const Flag& flag, Executor& disk) {
    constexpr boost::asio::use_awaitable_t<LoopExecutor> awaited{};
    const auto loop = co_await boost::asio::this_coro::executor;
    boost::asio::basic_stream_socket<tcp, LoopExecutor> socket{loop};
    co_await socket.async_connect(flag.address.value(), awaited);
    const auto request = request_for(flag.url);
    co_await http::async_write(socket, request, awaited);

    boost::beast::flat_buffer buffer{longest_head};
    Response response;
    co_await http::async_read(socket, buffer, response, awaited);
    co_return co_await run_in_executor(disk, save, std::move(response), flag.file);
}

/// The downloads as `run_batch` wants them. Each writes to its own flag, so there is no lock.
BatchWork downloads_of(std::vector<Flag>& flags, Executor& disk) {
    auto blocking = [&flags](std::size_t place) {
        try {
            return download(flags[place]);
        } catch (const std::exception& error) {
            flags[place].trouble = error.what();
            return item_end::error;
        }
    };
    auto suspending = [&flags, &disk](std::size_t place) -> awaitable<item_end> {
        try {
            co_return co_await download_on_loop(flags[place], disk);
        } catch (const std::exception& error) {
            flags[place].trouble = error.what();
            co_return item_end::error;
        }
    };
    return {blocking, suspending};
}

awaitable<tcp::endpoint> address_of(Resolver& names, const Url& url) {
    std::string host{url.host()};
    if (host.starts_with('[')) {  // the brackets of "[::1]" are not part of the address
        host = host.substr(1, host.size() - 2);
    }
    if (!url.host_is_address()) {
        const auto answer = co_await names.resolve(host, Steady::now() + 10s, {});
        if (!answer) {
            throw std::runtime_error{answer.error().detail};
        }
        host = to_string(answer->addresses.front());
    }
    co_return tcp::endpoint{boost::asio::ip::make_address(host), url.port()};
}

/// Names are asked for once, all at the same time and before any style begins.
std::vector<Result<tcp::endpoint>> addresses_of(const std::vector<Url>& urls) {
    EventLoop loop;
    const auto names = make_cares_resolver(loop.executor(), {});
    if (!names) {
        throw std::runtime_error{names.error().detail};
    }
    auto each = [&](const Url& url) { return address_of(**names, url); };
    return loop.run(gather(urls | std::views::transform(each), return_exceptions));
}

void run(
    const Style& style, const std::vector<Url>& urls,
    const std::vector<Result<tcp::endpoint>>& addresses, const std::filesystem::path& into
) {
    const auto folder = into / style.name;
    std::filesystem::create_directories(folder);
    NameSet names;
    std::vector<Flag> flags;
    for (std::size_t place = 0; place < urls.size(); ++place) {
        const auto name = names.unique(safe_name(urls[place].href()));
        flags.push_back({urls[place], addresses[place], folder / name});
    }
    ThreadPoolExecutor disk{{.max_workers = 1}};

    const auto report = run_batch(style.how, flags.size(), downloads_of(flags, disk));

    const auto title = std::string{style.name} + ":";
    std::printf("%-13s %s\n", title.c_str(), summary_line(report.counts, report.elapsed).c_str());
    for (std::size_t place = 0; place < flags.size(); ++place) {
        if (report.ends[place] != item_end::ok) {
            const auto why = flags[place].trouble.empty() ? "not found" : flags[place].trouble;
            std::printf("    %s: %s\n", flags[place].url.href().c_str(), why.c_str());
        }
    }
}

/// What the command line says.
struct Order {
    std::vector<Style> styles{std::begin(all_styles), std::end(all_styles)};
    std::filesystem::path into;
    std::vector<Url> urls;
};

Order read_order(const std::vector<std::string>& words) {
    Order order;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const bool more = at + 1 < words.size();
        if (words[at] == "--into" && more) {
            order.into = words[++at];
        } else if (words[at] == "--style" && more) {
            const auto& wanted = words[++at];
            std::erase_if(order.styles, [&](const Style& style) { return style.name != wanted; });
        } else if (auto url = Url::parse(words[at]); url && !url->https()) {
            order.urls.push_back(std::move(*url));
        } else {
            throw std::invalid_argument{"not an http URL: " + words[at]};
        }
    }
    if (order.into.empty() || order.urls.empty() || order.styles.empty()) {
        throw std::invalid_argument{
            "usage: flags [--style sequential|map|as_completed|coroutines] "
            "--into FOLDER URL..."};
    }
    return order;
}

}  // namespace

int main(int count, char** arguments) {
    try {
        const Order order = read_order({arguments + 1, arguments + count});
        const auto addresses = addresses_of(order.urls);
        for (const Style& style : order.styles) {
            run(style, order.urls, addresses, order.into);
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "flags: %s\n", error.what());
        return 2;
    }
}
