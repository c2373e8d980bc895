// What a proxy answers to CONNECT. However it is cut, what has been read once stays read.

#include "net/connect_reply.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool holds) {
    if (!holds) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace fanfetch;
    const std::string_view bytes{reinterpret_cast<const char*>(data), size};
    const auto whole = read_connect_reply(bytes);
    require(whole || whole.error().code == failure_code::connect_unreachable);
    if (whole && *whole) {
        const auto end = (*whole)->size;
        require(end <= size && end <= longest_connect_reply && (*whole)->status <= 999);
        const auto exact = read_connect_reply(bytes.substr(0, end));
        require(exact && *exact && (*exact)->status == (*whole)->status);
        const auto before = read_connect_reply(bytes.substr(0, end - 1));
        require(before && !*before);
        require(!proxy_refusal((*whole)->status).detail.empty());
    }
    if (whole && !*whole) {
        require(size < longest_connect_reply);
    }
    return 0;
}
