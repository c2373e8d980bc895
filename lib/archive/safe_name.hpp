#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace fanfetch {

/// The longest name that is given, in bytes: room for a suffix in any file system.
inline constexpr std::size_t longest_safe_name = 200;

/// A name for a file from what strangers say: the file name of a Content-Disposition header if
/// there is one, else the last segment of the URL's path.
///
/// It consists of ASCII letters, digits, '.', '-', '_' and '+', begins with a letter, a digit or
/// '_', does not end with a dot, is no device name of Windows and is never empty. It has no
/// separator, so it stays inside any directory it is put in. A long name keeps its extension.
///
/// Threads  any thread
/// Source   RFC 6266 §4.3, RFC 8187 §3.2 (file names of a header); naming rules of Win32
[[nodiscard]] std::string safe_name(
    std::string_view url, std::string_view content_disposition = {}
);

/// The name of the item `index` in an archive: its number and the safe name of its URL, so that
/// names differ from each other, on every file system, without anybody remembering them.
[[nodiscard]] std::string numbered_name(std::uint64_t index, std::string_view url);

/// The file name that a Content-Disposition header gives, as it stands there: decoded, not yet
/// safe. Empty when there is none or the header cannot be read.
[[nodiscard]] std::string disposition_file_name(std::string_view header);

/// Gives out names that differ from each other on every file system, also on one that takes upper
/// and lower case for the same: "a.png", "a-2.png", "a-3.png".
///
/// Threads  one owner
class NameSet {
public:
    /// `name`, or it with a number, as one that was not given out yet.
    [[nodiscard]] std::string unique(std::string_view name);

private:
    std::unordered_map<std::string, std::size_t> given_;  // in lower case, with the last number
};

}  // namespace fanfetch
