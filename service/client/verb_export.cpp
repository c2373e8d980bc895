#include "cli/command_line.hpp"
#include "cli/get_files.hpp"
#include "client/client_session.hpp"
#include "client/interruption.hpp"
#include "client/verbs.hpp"

#include "base/json_text.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <optional>

namespace fanfetch {
namespace {

using Take = std::function<Expected<void>(std::string_view)>;

/// Reads the answer's body to its end. An export cannot be taken up in its middle, so one that
/// breaks has to be begun again.
Expected<void> copy(ApiConnection& api, const Take& take) {
    for (;;) {
        const auto piece = api.read();
        if (!piece) {
            return piece.error();
        }
        if (piece->empty()) {
            return {};
        }
        if (auto taken = take(*piece); !taken) {
            return taken;
        }
    }
}

int export_to_stdout(ClientSession& session, const ExportOptions& options) {
    if (!session.ask_for_stream("exporting", export_request(options))) {
        return exit_refused;
    }
    auto copied = copy(session.api(), [&session](std::string_view piece) -> Expected<void> {
        session.print(piece);
        return {};
    });
    if (!copied) {
        session.complain("exporting", copied.error());
        return exit_refused;
    }
    return session.ended(exit_ok);
}

/// What is said when it is there.
std::string told(const ClientSession& session, const ExportOptions& options, std::uint64_t size) {
    const auto file = export_file(options);
    if (!session.json()) {
        return fmt::format("{}: {} bytes\n", terminal_text(file), size);
    }
    std::string line = "{\"file\":";
    append_json_string(line, file);
    return line + fmt::format(",\"format\":\"{}\",\"size\":{}}}\n", export_format(options), size);
}

/// The file gets its name when all of it is there and on the disk; one that bore it stays until
/// then.
int export_to_file(ClientSession& session, const ExportOptions& options) {
    const std::filesystem::path path{export_file(options)};
    const auto parent = path.has_parent_path() ? path.parent_path().string() : std::string{"."};
    ProgressCounter written;
    const auto cannot = [&session](const Failure& failure) {
        session.complain("exporting", failure);
        return exit_usage;
    };
    const auto directory = OutputDirectory::open(parent, written);
    if (!directory) {
        return cannot(directory.error());
    }
    auto file = (*directory)->create();
    if (!file) {
        return cannot(file.error());
    }
    auto& part = **file;
    const UnfinishedFile unfinished{(*directory)->path_of(part.temporary())};
    if (!session.ask_for_stream("exporting", export_request(options))) {
        return exit_refused;
    }
    bool disk = false;  // is at fault
    auto copied = copy(session.api(), [&part, &disk](std::string_view piece) {
        auto appended = part.append(piece);
        disk = !appended;
        return appended;
    });
    if (copied) {
        auto kept = part.sync();
        copied = kept ? part.keep_as(path.filename().string()) : kept;
        disk = !copied;
    }
    if (!copied) {
        session.complain("exporting", copied.error());
        return disk ? exit_some_failed : exit_refused;
    }
    session.print(told(session, options, part.size()));
    return session.ended(exit_ok);
}

}  // namespace

int run_export(const ClientOptions& client, const ExportOptions& options) {
    const auto session = ClientSession::open(client);
    if (!session) {
        return exit_usage;
    }
    exit_when_interrupted();
    return options.output == "-" ? export_to_stdout(*session, options)
                                 : export_to_file(*session, options);
}

}  // namespace fanfetch
