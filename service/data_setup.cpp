#include "data_setup.hpp"

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace fanfetch {
namespace {

std::string finding(const std::filesystem::path& path, int error) {
    return "data.dir: " + path.string() + ": " + std::generic_category().message(error);
}

}  // namespace

std::vector<std::string> check_data_directory(const Settings& settings) {
    if (settings.data.dir.empty()) {
        return {};  // said already
    }
    std::error_code error;
    auto place = std::filesystem::absolute(settings.data.dir, error).lexically_normal();
    auto status = std::filesystem::status(place, error);
    while (status.type() == std::filesystem::file_type::not_found && place != place.root_path()) {
        place = place.parent_path();  // of "a/", that is "a"
        status = std::filesystem::status(place, error);
    }
    if (status.type() == std::filesystem::file_type::none) {
        return {finding(place, error.value())};
    }
    if (status.type() != std::filesystem::file_type::directory) {
        return {finding(place, ENOTDIR)};
    }
    if (::faccessat(AT_FDCWD, place.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
        return {finding(place, errno)};
    }
    return {};
}

}  // namespace fanfetch
