#include "origin/pages.hpp"

#include <array>
#include <fstream>
#include <system_error>
#include <utility>

namespace fanfetch::origin {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 13> types{{
    {".html", "text/html"},
    {".htm", "text/html"},
    {".txt", "text/plain"},
    {".css", "text/css"},
    {".js", "text/javascript"},
    {".json", "application/json"},
    {".xml", "application/xml"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".gif", "image/gif"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".pdf", "application/pdf"},
}};

std::string type_of(const std::filesystem::path& file) {
    const auto extension = file.extension().string();
    for (const auto& [known, type] : types) {
        if (extension == known) {
            return std::string{type};
        }
    }
    return "application/octet-stream";
}

Failure no_such_file() {
    return failed(failure_code::api_not_found, "reading a file: there is none of this name");
}

}  // namespace

Expected<Page> read_page(const std::filesystem::path& directory, std::string_view path) {
    while (path.starts_with('/')) {
        path.remove_prefix(1);
    }
    const auto file = directory / std::filesystem::path{path};
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error)) {
        return no_such_file();
    }
    const auto size = std::filesystem::file_size(file, error);
    std::ifstream stream{file, std::ios::binary};
    if (error || !stream || size > longest_page) {
        return no_such_file();
    }
    Page page{type_of(file), std::string(static_cast<std::size_t>(size), '\0')};
    stream.read(page.body.data(), static_cast<std::streamsize>(page.body.size()));
    page.body.resize(static_cast<std::size_t>(stream.gcount()));
    return page;
}

Page made_up_page(std::string_view path, std::uint64_t bytes) {
    Page page{"text/plain", {}};
    page.body.reserve(bytes);
    std::string line{path};
    line += '\n';
    while (page.body.size() + line.size() < bytes) {
        page.body += line;
    }
    page.body.append(line, 0, bytes - page.body.size());
    return page;
}

}  // namespace fanfetch::origin
