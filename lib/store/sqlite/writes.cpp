#include "store/sqlite/writes.hpp"

#include <utility>

namespace fanfetch::sqlite {

bool CreateJob::write_rows(WriteSession& session) {
    answer(session.create_job(job_));
    return true;
}

std::size_t AppendItems::items() const noexcept {
    constexpr std::size_t usual_text = 256;
    std::size_t count = 1;
    for (const auto& item : items_) {
        count += 1 + item.text_size() / usual_text;
    }
    return count;
}

bool AppendItems::write_rows(WriteSession& session) {
    auto commit = session.append_items(job_id_, items_, now_);
    if (commit && key_) {
        session.save_key(*key_);
    }
    answer(std::move(commit));
    return true;
}

RecordResults::RecordResults(std::vector<ResultGroup> groups) : groups_{std::move(groups)} {
    for (const auto& group : groups_) {
        items_ += group.results.size();
    }
}

Expected<void> RecordResults::write_bodies(SegmentWriter& segments) {
    for (auto& group : groups_) {
        for (auto& done : group.results) {
            if (done.response) {
                auto body = segments.add(*done.response, done.result);
                if (!body) {
                    return body.error();
                }
                done.result.body = *body;
            }
            if (!done.extract.empty()) {
                const auto& url = done.response ? done.response->target_url : done.result.final_url;
                auto extract = segments.add_metadata(url, done.result.finished_at, done.extract);
                if (!extract) {
                    return extract.error();
                }
                done.result.extract = *extract;
            }
        }
    }
    return {};
}

bool RecordResults::write_rows(WriteSession& session) {
    std::vector<Commit> commits;
    commits.reserve(groups_.size());
    for (const auto& group : groups_) {
        commits.push_back(session.record(group));
    }
    answer(std::move(commits));
    return true;
}

bool ChangeJob::write_rows(WriteSession& session) {
    answer(session.change_job(job_id_, change_));
    return true;
}

bool CancelRest::write_rows(WriteSession& session) {
    auto commit = session.cancel_some(job_id_, code_, now_, cursor_);
    if (!commit) {
        answer(commit.error());
        return true;
    }
    if (cursor_ < commit->total) {
        return false;
    }
    auto changed = session.change_job(job_id_, change_);
    answer(changed ? std::move(commit) : Expected<Commit>{changed.error()});
    return true;
}

bool CancelRest::try_again() {
    cursor_ = 0;  // what was committed before is passed over
    return true;
}

bool Rerun::write_rows(WriteSession& session) {
    if (!selection_) {
        auto interrupted = session.interrupted_rerun(job_id_);
        if (!interrupted) {
            answer(interrupted.error());
            return true;
        }
        if (!*interrupted) {
            answer(std::uint64_t{0});
            return true;
        }
        selection_ = **std::move(interrupted);
    }
    auto left = session.rerun_some(job_id_, *selection_, change_, cursor_);
    if (left && !left->complete) {
        begun_ = true;
        return false;
    }
    answer(left ? Expected<std::uint64_t>{left->unfinished} : left.error());
    return true;
}

bool Rerun::try_again() {
    cursor_ = 0;  // what was put back before is passed over
    return begun_;
}

bool SaveKey::write_rows(WriteSession& session) {
    session.save_key(key_);
    answer({});
    return true;
}

bool ForgetKeys::write_rows(WriteSession& session) {
    const auto some = session.forget_some_keys(before_);
    gone_ += some;
    if (some > 0) {
        return false;
    }
    answer(gone_);
    return true;
}

bool EraseJob::write_rows(WriteSession& session) {
    answer(session.begin_erase(job_id_));
    return true;
}

bool SaveHosts::write_rows(WriteSession& session) {
    session.save_hosts(hosts_);
    answer({});
    return true;
}

}  // namespace fanfetch::sqlite
