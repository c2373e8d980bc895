#include "store/sqlite/webhook_writes.hpp"

#include <utility>

namespace fanfetch::sqlite {

bool AddCallback::write_rows(WriteSession& session) {
    auto added = session.add_callback(callback_);
    if (added && key_) {
        session.save_key(*key_);
    }
    answer(std::move(added));
    return true;
}

bool RemoveCallback::write_rows(WriteSession& session) {
    answer(session.remove_callback(job_id_, callback_id_));
    return true;
}

bool FillOutbox::write_rows(WriteSession& session) {
    answer(session.fill_outbox(fill_));
    return true;
}

bool SettleDeliveries::write_rows(WriteSession& session) {
    for (const auto& one : settled_) {
        session.settle(one);
    }
    answer({});
    return true;
}

bool ReplayDelivery::write_rows(WriteSession& session) {
    answer(session.replay(tenant_, id_, now_));
    return true;
}

bool PruneDeliveries::write_rows(WriteSession& session) {
    answer(session.prune_deliveries(retention_));
    return true;
}

}  // namespace fanfetch::sqlite
