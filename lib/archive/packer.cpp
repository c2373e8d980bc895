#include "archive/packer.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <stdexcept>
#include <utility>

namespace fanfetch {
namespace {

struct ArchiveEnd {
    void operator()(archive* handle) const noexcept { archive_write_free(handle); }
};
struct EntryEnd {
    void operator()(archive_entry* entry) const noexcept { archive_entry_free(entry); }
};

/// Where the library writes to.
struct Sink {
    std::string pending;
    bool given_up = false;  ///< nobody wants the rest
};

la_ssize_t append(archive*, void* to, const void* bytes, std::size_t size) {
    auto& sink = *static_cast<Sink*>(to);
    if (!sink.given_up) {
        sink.pending.append(static_cast<const char*>(bytes), size);
    }
    return static_cast<la_ssize_t>(size);
}

}  // namespace

struct Packer::State {
    Sink sink;  // outlives the handle, which writes when it is freed
    std::unique_ptr<archive, ArchiveEnd> handle{archive_write_new()};
    std::unique_ptr<archive_entry, EntryEnd> entry{archive_entry_new()};
    std::uint64_t left = 0;  // of the member

    void check(la_ssize_t result) const {
        if (result < 0) {
            const auto* const why = archive_error_string(handle.get());
            throw std::runtime_error{
                std::string{"packing: "} + (why == nullptr ? "out of memory" : why)};
        }
    }
    void check_whole() const {
        if (left != 0) {
            throw std::logic_error{"packing: a member has fewer bytes than announced"};
        }
    }
};

Packer::Packer(pack_format format) : state_{std::make_unique<State>()} {
    auto* const handle = state_->handle.get();
    if (format == pack_format::tar) {
        state_->check(archive_write_set_format_pax_restricted(handle));
    } else {
        state_->check(archive_write_set_format_zip(handle));
        // Fast: what is worth packing small is packed by the client.
        state_->check(archive_write_set_format_option(handle, "zip", "compression-level", "1"));
    }
    state_->check(archive_write_set_bytes_per_block(handle, 0));  // we gather them ourselves
    state_->check(archive_write_open(handle, &state_->sink, nullptr, append, nullptr));
}

Packer::~Packer() {
    // Given up in the middle, the library completes the member as it is freed, with zeros that go
    // nowhere. A handle that has failed (archive_write_fail) would leak what it opened.
    if (state_) {
        state_->sink.given_up = true;
    }
}

Packer::Packer(Packer&&) noexcept = default;
Packer& Packer::operator=(Packer&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
}

void Packer::begin(std::string_view name, std::uint64_t size, WallTime modified) {
    constexpr auto readable_by_all = 0644;
    state_->check_whole();
    auto* const entry = archive_entry_clear(state_->entry.get());
    archive_entry_set_pathname(entry, std::string{name}.c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(size));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, readable_by_all);
    const auto since_epoch = std::chrono::floor<std::chrono::seconds>(modified.time_since_epoch());
    archive_entry_set_mtime(entry, since_epoch.count(), 0);
    state_->check(archive_write_header(state_->handle.get(), entry));
    state_->left = size;
}

void Packer::put(std::string_view bytes) {
    if (bytes.size() > state_->left) {
        throw std::logic_error{"packing: a member has more bytes than announced"};
    }
    state_->left -= bytes.size();
    while (!bytes.empty()) {
        const auto taken = archive_write_data(state_->handle.get(), bytes.data(), bytes.size());
        state_->check(taken);
        if (taken == 0) {
            throw std::runtime_error{"packing: nothing was taken"};
        }
        bytes.remove_prefix(static_cast<std::size_t>(taken));
    }
}

void Packer::finish() {
    state_->check_whole();
    state_->check(archive_write_close(state_->handle.get()));
}

std::string& Packer::pending() noexcept {
    return state_->sink.pending;
}

}  // namespace fanfetch
