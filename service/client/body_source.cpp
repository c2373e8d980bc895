#include "client/body_source.hpp"

#include "base/json_text.hpp"
#include "cli/get_input.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

namespace fanfetch {
namespace {

constexpr std::size_t piece_size = 64U << 10U;

std::string reason(int error) {
    return std::generic_category().message(error);
}

class FileBody final : public BodySource {
public:
    FileBody(std::string path, int fd) : path_{std::move(path)}, fd_{fd}, piece_(piece_size) {}
    ~FileBody() override {
        if (fd_ != STDIN_FILENO) {
            ::close(fd_);
        }
    }
    FileBody(const FileBody&) = delete;
    FileBody& operator=(const FileBody&) = delete;

    Expected<std::string_view> next() override {
        for (;;) {
            const auto size = ::read(fd_, piece_.data(), piece_.size());
            if (size >= 0) {
                return std::string_view{piece_.data(), static_cast<std::size_t>(size)};
            }
            if (errno != EINTR) {
                return failed(failure_code::internal, "reading " + path_ + ": " + reason(errno));
            }
        }
    }

private:
    std::string path_;
    int fd_;
    std::vector<char> piece_;
};

class LineBefore final : public BodySource {
public:
    LineBefore(std::string line, std::unique_ptr<BodySource> rest)
        : line_{std::move(line) + '\n'}, rest_{std::move(rest)} {}

    Expected<std::string_view> next() override {
        return std::exchange(first_, false) ? Expected<std::string_view>{line_} : rest_->next();
    }

private:
    std::string line_;
    std::unique_ptr<BodySource> rest_;
    bool first_ = true;
};

class ListAsNdjson final : public BodySource {
public:
    ListAsNdjson(std::string options, std::unique_ptr<BodySource> list)
        : text_{std::move(options) + '\n'}, list_{std::move(list)} {}

    Expected<std::string_view> next() override {
        if (std::exchange(first_, false)) {
            return std::string_view{text_};
        }
        text_.clear();
        while (text_.empty() && !ended_) {
            const auto piece = list_->next();
            if (!piece) {
                return piece.error();
            }
            add(*piece);
        }
        return std::string_view{text_};
    }

private:
    void add(std::string_view piece) {
        std::vector<ListedUrl> urls;
        ended_ = piece.empty();
        ended_ ? lines_.finish(urls) : lines_.feed(piece, urls);
        for (const auto& url : urls) {
            append_json_string(text_, url.failure ? "a line that is too long" : url.text);
            text_ += '\n';
        }
    }

    std::string text_;
    std::unique_ptr<BodySource> list_;
    UrlLines lines_;
    bool first_ = true;
    bool ended_ = false;
};

}  // namespace

Expected<std::unique_ptr<BodySource>> file_body(const std::string& path) {
    const bool standard = path == "-";
    const int fd = standard ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (fd < 0 || ::fstat(fd, &status) != 0) {
        return failed(failure_code::request_invalid, "opening " + path + ": " + reason(errno));
    }
    auto body = std::make_unique<FileBody>(path, fd);
    if (S_ISDIR(status.st_mode)) {
        return failed(failure_code::request_invalid, "opening " + path + ": it is a directory");
    }
    return std::unique_ptr<BodySource>{std::move(body)};
}

std::unique_ptr<BodySource> line_before(std::string line, std::unique_ptr<BodySource> rest) {
    return std::make_unique<LineBefore>(std::move(line), std::move(rest));
}

std::unique_ptr<BodySource> list_as_ndjson(
    std::string options_line, std::unique_ptr<BodySource> list
) {
    return std::make_unique<ListAsNdjson>(std::move(options_line), std::move(list));
}

}  // namespace fanfetch
