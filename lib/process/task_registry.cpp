#include "process/task_registry.hpp"

#include <stdexcept>
#include <utility>

namespace fanfetch::detail {

TaskRegistry& TaskRegistry::instance() {
    static TaskRegistry registry;
    return registry;
}

void TaskRegistry::add(std::string_view name, std::unique_ptr<RemoteBody> body) {
    const std::lock_guard lock{mutex_};
    if (!bodies_.try_emplace(std::string{name}, std::move(body)).second) {
        throw std::logic_error{"two tasks are registered as " + std::string{name}};
    }
}

const RemoteBody* TaskRegistry::find(std::string_view name) const {
    const std::lock_guard lock{mutex_};
    const auto at = bodies_.find(name);
    return at == bodies_.end() ? nullptr : at->second.get();
}

void TaskRegistry::add_exception(std::string type, Rebuild rebuild) {
    const std::lock_guard lock{mutex_};
    exceptions_.insert_or_assign(std::move(type), std::move(rebuild));
}

std::exception_ptr TaskRegistry::rebuild(const std::string& type, const std::string& text) const {
    Rebuild rebuild;
    {
        const std::lock_guard lock{mutex_};
        const auto at = exceptions_.find(type);
        if (at == exceptions_.end()) {
            return nullptr;
        }
        rebuild = at->second;
    }
    return rebuild(text);
}

}  // namespace fanfetch::detail
