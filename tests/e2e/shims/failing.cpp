// Preloaded into the service: the n-th allocation (FAIL_ALLOCATION) or the n-th thread
// (FAIL_THREAD) of the process fails, once, as if the machine had no more; or the n-th allocation
// from the moment on at which n is written into the eight bytes of the file FAIL_LATER.

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

extern "C" {
void* __libc_malloc(std::size_t);
}

namespace {

long wanted(const char* name) {
    const char* const text = std::getenv(name);
    return text == nullptr ? 0 : std::atol(text);
}

std::atomic<long> allocations{0};
std::atomic<long> later_allocations{0};
const volatile long* later = nullptr;
std::atomic<long> threads{0};
std::atomic<long> failing_allocation{0};
thread_local bool looking_up = false;

__attribute__((constructor)) void begin() {
    failing_allocation = wanted("FAIL_ALLOCATION");
    const char* const path = std::getenv("FAIL_LATER");
    const int fd = path == nullptr ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        void* const mapped = mmap(nullptr, sizeof *later, PROT_READ, MAP_SHARED, fd, 0);
        later = mapped == MAP_FAILED ? nullptr : static_cast<const volatile long*>(mapped);
        close(fd);
    }
}

bool fails() {
    if (later != nullptr && *later > 0 && !looking_up) {
        return ++later_allocations == *later;
    }
    const long n = failing_allocation.load(std::memory_order_relaxed);
    return n > 0 && !looking_up && ++allocations == n;
}

template <class Function>
Function next(const char* name) {
    looking_up = true;
    auto* const found = dlsym(RTLD_NEXT, name);
    looking_up = false;
    return reinterpret_cast<Function>(found);
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
    if (looking_up) {
        return __libc_malloc(size);
    }
    static const auto real = next<void* (*)(std::size_t)>("malloc");
    if (fails()) {
        errno = ENOMEM;
        return nullptr;
    }
    return real(size);
}

void* realloc(void* old, std::size_t size) {
    static const auto real = next<void* (*)(void*, std::size_t)>("realloc");
    if (fails()) {
        errno = ENOMEM;
        return nullptr;
    }
    return real(old, size);
}

int pthread_create(
    pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* argument
) {
    using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
    static const auto real = next<Create>("pthread_create");
    static const long n = wanted("FAIL_THREAD");
    if (n > 0 && ++threads == n) {
        return EAGAIN;
    }
    return real(thread, attributes, run, argument);
}

}  // extern "C"

void* operator new(std::size_t size) {
    static const auto real = next<void* (*)(std::size_t)>("_Znwm");
    if (fails()) {
        throw std::bad_alloc{};
    }
    return real(size);
}

void* operator new[](std::size_t size) {
    static const auto real = next<void* (*)(std::size_t)>("_Znam");
    if (fails()) {
        throw std::bad_alloc{};
    }
    return real(size);
}

void* operator new(std::size_t size, const std::nothrow_t& tag) noexcept {
    static const auto real =
        next<void* (*)(std::size_t, const std::nothrow_t&)>("_ZnwmRKSt9nothrow_t");
    return fails() ? nullptr : real(size, tag);
}

void* operator new(std::size_t size, std::align_val_t alignment) {
    static const auto real = next<void* (*)(std::size_t, std::align_val_t)>("_ZnwmSt11align_val_t");
    if (fails()) {
        throw std::bad_alloc{};
    }
    return real(size, alignment);
}
