#include "future/errors.hpp"

#include <boost/core/demangle.hpp>

#include <cstdio>
#include <memory>
#include <mutex>
#include <typeinfo>
#include <utility>

namespace fanfetch {
namespace {

std::string group_text(std::string_view message, const std::vector<std::exception_ptr>& errors) {
    std::string text{message};
    text += " (" + std::to_string(errors.size()) + (errors.size() == 1 ? " error)" : " errors)");
    const char* separator = ": ";
    for (const auto& error : errors) {
        text += std::exchange(separator, "; ") + describe(error);
    }
    return text;
}

void log_to_standard_error(std::string_view where, const std::exception_ptr& error) {
    std::string line{where};
    line += ": " + describe(error) + '\n';
    std::fputs(line.c_str(), stderr);
}

struct LoggerSlot {
    std::mutex mutex;
    std::shared_ptr<const ErrorLogger> logger;
};

/// Never destroyed: states may die, and report, while statics are being destroyed.
LoggerSlot& logger_slot() {
    static auto* const slot = new LoggerSlot;
    return *slot;
}

}  // namespace

RemoteError::RemoteError(std::string type, std::string text, std::string worker)
    : Error{type + " in " + worker + ": " + text},
      type_{std::move(type)},
      text_{std::move(text)},
      worker_{std::move(worker)} {}

ExceptionGroup::ExceptionGroup(std::string_view message, std::vector<std::exception_ptr> errors)
    : Error{group_text(message, errors)}, errors_{std::move(errors)} {}

std::string type_name(const std::exception_ptr& error) {
    if (!error) {
        return "none";
    }
    const std::type_info* type = error.__cxa_exception_type();
    return type == nullptr ? "foreign exception" : boost::core::demangle(type->name());
}

std::string describe(const std::exception_ptr& error) {
    auto text = type_name(error);
    if (!error) {
        return text;
    }
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& thrown) {
        return text + ": " + thrown.what();
    } catch (...) {
        return text;
    }
}

ErrorLogger set_error_logger(ErrorLogger logger) {
    auto fresh = logger ? std::make_shared<const ErrorLogger>(std::move(logger)) : nullptr;
    auto& slot = logger_slot();
    {
        const std::lock_guard lock{slot.mutex};
        std::swap(slot.logger, fresh);
    }
    return fresh ? *fresh : ErrorLogger{};
}

void report_error(std::string_view where, const std::exception_ptr& error) noexcept {
    try {
        std::shared_ptr<const ErrorLogger> logger;
        {
            auto& slot = logger_slot();
            const std::lock_guard lock{slot.mutex};
            logger = slot.logger;
        }
        if (logger) {
            (*logger)(where, error);
            return;
        }
        log_to_standard_error(where, error);
    } catch (...) {
        // There is nobody left to tell: the logger itself failed.
    }
}

}  // namespace fanfetch
