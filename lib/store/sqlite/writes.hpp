#pragma once

#include "store/sqlite/write.hpp"

#include <optional>
#include <string>
#include <vector>

namespace fanfetch::sqlite {

// One class for each thing that JobStore can be asked to write.

class CreateJob final : public WriteWithAnswer<void> {
public:
    explicit CreateJob(JobRecord job) : job_{std::move(job)} {}
    [[nodiscard]] bool write_rows(WriteSession& session) override;
    [[nodiscard]] bool brings_work() const noexcept override { return true; }

private:
    JobRecord job_;
};

class AppendItems final : public WriteWithAnswer<Commit> {
public:
    AppendItems(
        std::string job_id, std::vector<Item> items, std::optional<RequestKey> key, WallTime now
    )
        : job_id_{std::move(job_id)}, items_{std::move(items)}, key_{std::move(key)}, now_{now} {}
    /// One with long texts counts as several: it takes as long to write.
    [[nodiscard]] std::size_t items() const noexcept override;
    [[nodiscard]] bool write_rows(WriteSession& session) override;
    [[nodiscard]] bool brings_work() const noexcept override { return true; }

private:
    std::string job_id_;
    std::vector<Item> items_;
    std::optional<RequestKey> key_;
    WallTime now_;
};

class RecordResults final : public WriteWithAnswer<std::vector<Commit>> {
public:
    explicit RecordResults(std::vector<ResultGroup> groups);
    [[nodiscard]] std::size_t items() const noexcept override { return items_; }
    [[nodiscard]] Expected<void> write_bodies(SegmentWriter& segments) override;
    [[nodiscard]] bool write_rows(WriteSession& session) override;
    [[nodiscard]] bool try_again() override { return true; }

private:
    std::vector<ResultGroup> groups_;
    std::size_t items_ = 1;
};

class ChangeJob final : public WriteWithAnswer<void> {
public:
    ChangeJob(std::string job_id, JobChange change)
        : job_id_{std::move(job_id)}, change_{std::move(change)} {}
    [[nodiscard]] bool write_rows(WriteSession& session) override;
    [[nodiscard]] bool try_again() override { return change_.state && is_done(*change_.state); }

private:
    std::string job_id_;
    JobChange change_;
};

class CancelRest final : public WriteWithAnswer<Commit> {
public:
    CancelRest(std::string job_id, failure_code code, JobChange change, WallTime now)
        : job_id_{std::move(job_id)}, code_{code}, change_{std::move(change)}, now_{now} {}
    [[nodiscard]] bool write_rows(WriteSession& session) override;
    [[nodiscard]] bool try_again() override;

private:
    std::string job_id_;
    failure_code code_;
    JobChange change_;
    WallTime now_;
    std::uint64_t cursor_ = 0;
};

class Rerun final : public WriteWithAnswer<std::uint64_t> {
public:
    Rerun(std::string job_id, std::optional<RerunSelection> selection, JobChange change)
        : job_id_{std::move(job_id)},
          selection_{std::move(selection)},
          change_{std::move(change)} {}
    [[nodiscard]] bool write_rows(WriteSession& session) override;
    [[nodiscard]] bool try_again() override;

private:
    std::string job_id_;
    std::optional<RerunSelection> selection_;
    JobChange change_;
    std::uint64_t cursor_ = 0;
    bool begun_ = false;  // some of its steps may be durable
};

class SaveKey final : public WriteWithAnswer<void> {
public:
    explicit SaveKey(RequestKey key) : key_{std::move(key)} {}
    [[nodiscard]] bool write_rows(WriteSession& session) override;

private:
    RequestKey key_;
};

class ForgetKeys final : public WriteWithAnswer<std::uint64_t> {
public:
    explicit ForgetKeys(WallTime before) : before_{before} {}
    [[nodiscard]] bool write_rows(WriteSession& session) override;

private:
    WallTime before_;
    std::uint64_t gone_ = 0;
};

class EraseJob final : public WriteWithAnswer<void> {
public:
    explicit EraseJob(std::string job_id) : job_id_{std::move(job_id)} {}
    [[nodiscard]] bool write_rows(WriteSession& session) override;

private:
    std::string job_id_;
};

class SaveHosts final : public WriteWithAnswer<void> {
public:
    explicit SaveHosts(std::vector<HostRecord> hosts) : hosts_{std::move(hosts)} {}
    [[nodiscard]] std::size_t items() const noexcept override { return hosts_.size(); }
    [[nodiscard]] bool write_rows(WriteSession& session) override;

private:
    std::vector<HostRecord> hosts_;
};

}  // namespace fanfetch::sqlite
