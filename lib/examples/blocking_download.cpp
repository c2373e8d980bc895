// A download that blocks, in a pool, while the loop goes on ticking.
//
//     blocking_download http://127.0.0.1:8000/file
//
// `get` knows nothing of coroutines: it sits in a system call until the server answers, as
// `requests.get` does. On the loop's own thread it would hold up everybody. Through
// `run_in_executor`, as asyncio calls it too, a pool's thread sits there, and the coroutine that
// wants the result is resumed on its loop when there is one. The clock shows that the loop was free
// all the time: it ticks every 50 ms, and the program says how late the latest tick was.

#include "coro/event_loop.hpp"
#include "coro/run_in_executor.hpp"
#include "coro/sleep.hpp"
#include "coro/task_group.hpp"
#include "executor/thread_pool_executor.hpp"
#include "url/url.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

using namespace std::chrono_literals;
using namespace fanfetch;
using boost::asio::ip::tcp;

namespace {

/// What the server sends, head and body; blocks until it has closed the connection.
std::string get(Url url) {
    boost::asio::io_context context;
    tcp::socket socket{context};
    socket.connect({boost::asio::ip::make_address(std::string{url.host()}), url.port()});
    const std::string request = "GET " + std::string{url.target()} +
                                " HTTP/1.0\r\nHost: " + std::string{url.host_header()} + "\r\n\r\n";
    boost::asio::write(socket, boost::asio::buffer(request));

    std::string answer;
    boost::system::error_code ended;
    boost::asio::read(socket, boost::asio::dynamic_buffer(answer), ended);
    if (ended != boost::asio::error::eof) {
        throw boost::system::system_error{ended, "reading the answer"};
    }
    return answer;
}

struct Clock {
    int ticks = 0;
    std::chrono::duration<double, std::milli> latest{0};  ///< the most a tick was late
};

/// Ticks until it is cancelled. Each tick has its moment, so that none makes the next one late.
awaitable<> tick(Clock& clock) {
    const auto start = Steady::now();
    for (;;) {
        const auto due = start + (clock.ticks + 1) * 50ms;
        co_await sleep_until(due);
        clock.latest = std::max<decltype(clock.latest)>(clock.latest, Steady::now() - due);
        std::printf("tick %d\n", ++clock.ticks);
    }
}

awaitable<> download(Executor& pool, Url url) {
    Clock clock;
    std::string answer;
    auto meanwhile = [&](TaskGroup& group) -> awaitable<> {
        const auto ticking = group.spawn(tick(clock));
        std::printf("the download begins\n");
        answer = co_await run_in_executor(pool, get, url);
        ticking.cancel();
    };
    co_await with_task_group(meanwhile);  // ends when the clock has stopped, too

    std::printf("%s\n", answer.substr(0, answer.find("\r\n")).c_str());
    std::printf("%zu bytes came meanwhile\n", answer.size());
    std::printf("%d ticks, the latest %.1f ms late\n", clock.ticks, clock.latest.count());
}

}  // namespace

int main(int count, char** arguments) {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    const auto url = Url::parse(count == 2 ? arguments[1] : "");
    if (!url || url->https() || !url->host_is_address() || url->host().front() == '[') {
        std::fprintf(stderr, "usage: blocking_download http://IPV4-ADDRESS[:PORT]/PATH\n");
        return 2;
    }
    ThreadPoolExecutor pool{{.max_workers = 1}};
    EventLoop loop;
    try {
        loop.run(download(pool, *url));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "blocking_download: %s\n", error.what());
        return 1;
    }
}
