#include "actor/runner.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace fanfetch::detail {

void PoolRunner::run_soon(CellPtr cell) {
    (void)pool_.submit([cell = std::move(cell)] { cell->run(); });
}

void LoopRunner::run_soon(CellPtr cell) {
    boost::asio::post(loop_, [cell = std::move(cell)] { cell->run(); });
}

}  // namespace fanfetch::detail
