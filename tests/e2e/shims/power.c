// A disk whose cache can be lost: preloaded into the service, it keeps of each file below
// POWER_DATA what undoes the writes since its last sync, in files below POWER_UNDO. After a
// kill -9 the test plays them back, and the files are as a power cut may leave them.
//
// <inode>.undo     records of {offset, size before, length} and the bytes that stood there
// <inode>.created  of a directory: names made in it since it was synced

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name, ...) ((__VA_ARGS__)real(#name))

static void* real(const char* name) {
    return dlsym(RTLD_NEXT, name);
}

static int watched_path(const char* path) {
    const char* data = getenv("POWER_DATA");
    const size_t length = data ? strlen(data) : 0;
    const size_t whole = strlen(path);
    // The index of the log is memory, not a file.
    return length > 0 && strncmp(path, data, length) == 0 &&
           !(whole > 4 && strcmp(path + whole - 4, "-shm") == 0);
}

static int watched(int fd, struct stat* info) {
    char link[64];
    char path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) {
        return 0;
    }
    path[length] = '\0';
    return watched_path(path) && fstat(fd, info) == 0;
}

static void note_name(char* out, size_t size, ino_t inode, const char* kind) {
    snprintf(out, size, "%s/%llu.%s", getenv("POWER_UNDO"), (unsigned long long)inode, kind);
}

static void append_note(ino_t inode, const char* kind, const void* bytes, size_t length) {
    char name[4096];
    note_name(name, sizeof name, inode, kind);
    const int fd = REAL(open, int (*)(const char*, int, ...))(
        name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600
    );
    if (fd < 0 || REAL(write, ssize_t (*)(int, const void*, size_t))(fd, bytes, length) !=
                      (ssize_t)length) {
        abort();
    }
    close(fd);
}

static void forget_note(ino_t inode, const char* kind) {
    char name[4096];
    note_name(name, sizeof name, inode, kind);
    truncate(name, 0);
}

/// Keeps what stands in a range that is about to be changed.
static void keep(int fd, uint64_t offset, uint64_t length) {
    struct stat info;
    if (!watched(fd, &info) || !S_ISREG(info.st_mode)) {
        return;
    }
    const uint64_t size = (uint64_t)info.st_size;
    const uint64_t end = offset + length < size ? offset + length : size;
    const uint64_t old = offset < end ? end - offset : 0;
    uint64_t* note = malloc(3 * sizeof *note + old);
    note[0] = offset;
    note[1] = size;
    note[2] = old;
    if (note == NULL || pread(fd, note + 3, old, (off_t)offset) != (ssize_t)old) {
        abort();
    }
    append_note(info.st_ino, "undo", note, 3 * sizeof *note + old);
    free(note);
}

static int held_open(const char* name, const char* path, int flags, mode_t mode) {
    int (*const call)(const char*, int, ...) = (int (*)(const char*, int, ...))real(name);
    struct stat before;
    const int made = (flags & O_CREAT) != 0 && watched_path(path) && lstat(path, &before) != 0;
    const int fd = call(path, flags, mode);
    const int error = errno;
    if (made && fd >= 0) {
        char folder[4096];
        snprintf(folder, sizeof folder, "%s", path);
        *strrchr(folder, '/') = '\0';
        struct stat info;
        pthread_mutex_lock(&one_at_a_time);
        if (fstat(fd, &info) == 0) {
            forget_note(info.st_ino, "undo");  // of an earlier file with this inode
        }
        if (stat(folder, &info) == 0) {
            char line[4096];
            const int length = snprintf(line, sizeof line, "%s\n", path);
            append_note(info.st_ino, "created", line, (size_t)length);
        }
        pthread_mutex_unlock(&one_at_a_time);
    }
    errno = error;
    return fd;
}

static mode_t mode_of(int flags, va_list rest) {
    return (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
}

int open(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return held_open("open", path, flags, mode);
}

int open64(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return held_open("open64", path, flags, mode);
}

static ssize_t held_pwrite(const char* name, int fd, const void* bytes, size_t count, off_t at) {
    pthread_mutex_lock(&one_at_a_time);
    keep(fd, (uint64_t)at, count);
    const ssize_t done = REAL(pwrite, ssize_t (*)(int, const void*, size_t, off_t))(
        fd, bytes, count, at
    );
    const int error = errno;
    (void)name;
    pthread_mutex_unlock(&one_at_a_time);
    errno = error;
    return done;
}

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t at) {
    return held_pwrite("pwrite", fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t at) {
    return held_pwrite("pwrite64", fd, bytes, count, at);
}

static int held_truncate(int fd, off_t size) {
    struct stat info;
    pthread_mutex_lock(&one_at_a_time);
    if (fstat(fd, &info) == 0) {
        const uint64_t old = (uint64_t)info.st_size;
        keep(fd, (uint64_t)size, old > (uint64_t)size ? old - (uint64_t)size : 0);
    }
    const int done = REAL(ftruncate, int (*)(int, off_t))(fd, size);
    const int error = errno;
    pthread_mutex_unlock(&one_at_a_time);
    errno = error;
    return done;
}

int ftruncate(int fd, off_t size) {
    return held_truncate(fd, size);
}

int ftruncate64(int fd, off64_t size) {
    return held_truncate(fd, size);
}

int fallocate(int fd, int mode, off_t offset, off_t length) {
    pthread_mutex_lock(&one_at_a_time);
    keep(fd, (uint64_t)offset, (uint64_t)length);
    const int done = REAL(fallocate, int (*)(int, int, off_t, off_t))(fd, mode, offset, length);
    const int error = errno;
    pthread_mutex_unlock(&one_at_a_time);
    errno = error;
    return done;
}

int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
    return fallocate(fd, mode, offset, length);
}

static int held_sync(const char* name, int fd) {
    pthread_mutex_lock(&one_at_a_time);
    const int done = ((int (*)(int))real(name))(fd);
    const int error = errno;
    struct stat info;
    if (done == 0 && watched(fd, &info)) {
        forget_note(info.st_ino, S_ISDIR(info.st_mode) ? "created" : "undo");
    }
    pthread_mutex_unlock(&one_at_a_time);
    errno = error;
    return done;
}

int fsync(int fd) {
    return held_sync("fsync", fd);
}

int fdatasync(int fd) {
    return held_sync("fdatasync", fd);
}

int unlink(const char* path) {
    struct stat info;
    if (watched_path(path) && lstat(path, &info) == 0) {
        forget_note(info.st_ino, "undo");
    }
    return REAL(unlink, int (*)(const char*))(path);
}
