#include "store/segment_files.hpp"

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <system_error>

#include <unistd.h>

namespace fanfetch {
namespace {

constexpr std::string_view suffix = ".warc";
constexpr std::string_view replacement_suffix = ".new";
constexpr std::size_t least_digits = 8;
constexpr std::chrono::seconds refusal_lasts{4};

std::optional<std::uint64_t> number_of(std::string_view name) noexcept {
    if (!name.ends_with(suffix)) {
        return std::nullopt;
    }
    name.remove_suffix(suffix.size());
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    const bool whole = error == std::errc{} && end == name.data() + name.size();
    return whole && name.size() >= least_digits ? std::optional{number} : std::nullopt;
}

}  // namespace

SegmentFiles::SegmentFiles(std::string directory, durability how, StoreSeams seams)
    : directory_{std::move(directory)}, durability_{how}, seams_{std::move(seams)} {}

std::string SegmentFiles::name_of(std::uint64_t number) {
    const auto digits = std::to_string(number);
    std::string name(digits.size() < least_digits ? least_digits - digits.size() : 0, '0');
    return name.append(digits).append(suffix);
}

std::string SegmentFiles::path_of(std::uint64_t number) const {
    return directory_ + '/' + name_of(number);
}

Expected<void> SegmentFiles::allowed(store_step step, std::string_view doing) const {
    const int error = seams_.before ? seams_.before(step) : 0;
    if (error != 0) {
        return system_failure(doing, error);
    }
    return {};
}

Expected<File> SegmentFiles::create(std::uint64_t number) {
    if (auto may = allowed(store_step::segment_create, "creating a segment"); !may) {
        return may.error();
    }
    return File::create_new(path_of(number));
}

Expected<File> SegmentFiles::open_writable(std::uint64_t number) const {
    return File::open_writable(path_of(number));
}

Expected<File> SegmentFiles::open_readable(std::uint64_t number) const {
    return File::open_readable(path_of(number));
}

void SegmentFiles::remove(std::uint64_t number) const noexcept {
    ::unlink(path_of(number).c_str());  // one that stays is found and removed at the next start
}

Expected<File> SegmentFiles::create_replacement(std::uint64_t number) {
    if (auto may = allowed(store_step::segment_create, "creating a segment"); !may) {
        return may.error();
    }
    return File::create_new(path_of(number).append(replacement_suffix));
}

Expected<void> SegmentFiles::replace(std::uint64_t number, File& replacement) {
    if (auto may = allowed(store_step::segment_sync, "syncing a segment"); !may) {
        return may;
    }
    if (auto synced = replacement.sync(); !synced) {
        return synced;
    }
    const auto path = path_of(number);
    const auto replaced_by = std::string{path}.append(replacement_suffix);
    if (std::rename(replaced_by.c_str(), path.c_str()) != 0) {
        return system_failure("replacing a segment", errno);
    }
    if (auto may = allowed(store_step::directory_sync, "syncing the data directory"); !may) {
        return may;
    }
    return sync_directory(directory_);
}

void SegmentFiles::remove_replacement(std::uint64_t number) const noexcept {
    ::unlink(path_of(number).append(replacement_suffix).c_str());
}

void SegmentFiles::remove_replacements() const noexcept {
    std::error_code error;
    for (std::filesystem::directory_iterator entry{directory_, error}, end; !error && entry != end;
         entry.increment(error)) {
        const auto file_name = entry->path().filename().string();
        std::string_view name{file_name};
        if (name.ends_with(replacement_suffix)) {
            name.remove_suffix(replacement_suffix.size());
            if (number_of(name)) {
                ::unlink(entry->path().c_str());
            }
        }
    }
}

Expected<std::vector<std::uint64_t>> SegmentFiles::list() const {
    std::vector<std::uint64_t> numbers;
    std::error_code error;
    for (std::filesystem::directory_iterator entry{directory_, error}, end; !error && entry != end;
         entry.increment(error)) {
        if (const auto number = number_of(entry->path().filename().string())) {
            numbers.push_back(*number);
        }
    }
    if (error) {
        return system_failure("listing the segments", error.value());
    }
    return numbers;
}

Expected<void> SegmentFiles::write(File& file, std::uint64_t offset, std::string_view bytes) {
    if (auto may = allowed(store_step::segment_write, "writing a segment"); !may) {
        return may;
    }
    return file.write_at(offset, bytes);
}

Expected<void> SegmentFiles::sync(File& file) {
    if (auto may = allowed(store_step::segment_sync, "syncing a segment"); !may) {
        return may;
    }
    return durability_ == durability::full ? file.sync() : Expected<void>{};
}

Expected<void> SegmentFiles::sync_entries() {
    if (auto may = allowed(store_step::directory_sync, "syncing the data directory"); !may) {
        return may;
    }
    return durability_ == durability::full ? sync_directory(directory_) : Expected<void>{};
}

void SegmentFiles::note_refused_body() noexcept {
    refused_.store(Steady::now());
}

bool SegmentFiles::refused_body_lately() const noexcept {
    const auto refused = refused_.load();
    return refused != Steady::time_point::min() && Steady::now() - refused < refusal_lasts;
}

}  // namespace fanfetch
