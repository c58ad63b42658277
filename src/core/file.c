/* Files and folders. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memory.h"

static int system_open(const char *path, int flags, mode_t mode) { return open(path, flags | O_CLOEXEC, mode); }

const oc__file_ops oc__system_files = {system_open, read, write, fsync, close, rename, unlink, NULL};

oc_status oc__fail_errno(oc_error *err, int number, const char *path, const char *doing) {
    char text[128];
    const char *reason = strerror_r(number, text, sizeof text);
    return oc__fail(err, number == ENOENT || number == ENOTDIR ? OC_E_NOT_FOUND : OC_E_IO, "%s: cannot %s: %s", path, doing,
                    reason);
}

/* Opens for reading and refuses what is not a regular file (a folder reads as an error, a pipe may block for ever). */
static oc_status open_file(int *out, uint64_t *size, oc_context *context, const char *path, oc_error *err) {
    struct stat status;
    int file = context->files->open(path, O_RDONLY | O_NONBLOCK, 0);
    if (file < 0) return oc__fail_errno(err, errno, path, "open");
    if (fstat(file, &status) != 0) {
        int number = errno;
        context->files->close(file);
        return oc__fail_errno(err, number, path, "look at");
    }
    if (!S_ISREG(status.st_mode)) {
        context->files->close(file);
        return oc__fail(err, OC_E_IO, "%s: %s, not a file", path,
                        S_ISDIR(status.st_mode) ? "is a folder" : "is a device or pipe");
    }
    *out = file;
    *size = (uint64_t)status.st_size;
    return OC_OK;
}

/* Reads until `size` bytes are there or the file ends. */
static oc_status read_all(int file, uint8_t *data, size_t size, size_t *n_read, oc_context *context, const char *path,
                          oc_error *err) {
    size_t n = 0;
    while (n < size) {
        ssize_t got = context->files->read(file, data + n, size - n);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return oc__fail_errno(err, errno, path, "read");
        if (got == 0) break;
        n += (size_t)got;
    }
    *n_read = n;
    return OC_OK;
}

static oc_status check_size(uint64_t size, uint64_t max_size, const char *limit, const char *path, oc_error *err) {
    if (size <= max_size) return OC_OK;
    return oc__fail(err, OC_E_LIMIT, "%s: has %llu bytes, %s is %llu", path, (unsigned long long)size, limit,
                    (unsigned long long)max_size);
}

oc_status oc__file_read(uint8_t **data, size_t *size, oc_context *context, const char *path, uint64_t max_size,
                        const char *limit, oc_error *err) {
    int file = -1;
    uint64_t expected;
    uint8_t *bytes = NULL;
    size_t n = 0;
    *data = NULL;
    *size = 0;
    oc_status status = open_file(&file, &expected, context, path, err);
    if (status) return status;
    if ((status = check_size(expected, max_size, limit, path, err))) goto done;
    if (!(bytes = oc__alloc(context, (size_t)expected))) {
        status = oc__fail_nomem(err, context, (size_t)expected, path);
        goto done;
    }
    status = read_all(file, bytes, (size_t)expected, &n, context, path, err);
done:
    context->files->close(file);
    if (status) {
        oc__free(context, bytes);
        return status;
    }
    *data = bytes;
    *size = n;
    return OC_OK;
}

oc_status oc__file_head(void *data, size_t size, size_t *n_read, oc_context *context, const char *path, oc_error *err) {
    int file = -1;
    uint64_t expected;
    *n_read = 0;
    oc_status status = open_file(&file, &expected, context, path, err);
    if (status) return status;
    status = read_all(file, data, size, n_read, context, path, err);
    context->files->close(file);
    return status;
}

oc_status oc__file_size(uint64_t *size, oc_context *context, const char *path, oc_error *err) {
    int file = -1;
    *size = 0;
    oc_status status = open_file(&file, size, context, path, err);
    if (!status) context->files->close(file);
    return status;
}

oc_status oc__file_map(oc__mapping *out, oc_context *context, const char *path, uint64_t max_size, const char *limit,
                       oc_error *err) {
    int file = -1;
    uint64_t size = 0;
    *out = (oc__mapping){NULL, 0};
    oc_status status = open_file(&file, &size, context, path, err);
    if (status) return status;
    status = check_size(size, max_size, limit, path, err);
    if (status == OC_OK && size > 0) {
        void *data = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, file, 0);
        if (data == MAP_FAILED) status = oc__fail_errno(err, errno, path, "map");
        else *out = (oc__mapping){data, (size_t)size};
    }
    context->files->close(file);
    return status;
}

void oc__file_unmap(oc__mapping *mapping) {
    if (mapping->data) munmap((void *)(uintptr_t)mapping->data, mapping->size);
    *mapping = (oc__mapping){NULL, 0};
}

static oc_status write_all(int file, const uint8_t *data, size_t size, oc_context *context, const char *path, oc_error *err) {
    while (size > 0) {
        ssize_t n = context->files->write(file, data, size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return oc__fail_errno(err, errno, path, "write");
        if (n == 0) return oc__fail(err, OC_E_IO, "%s: cannot write: nothing was written", path);
        data += n;
        size -= (size_t)n;
    }
    return OC_OK;
}

/* The folder that holds `path`; NULL if there is no memory. */
static char *folder_of(oc_context *context, const char *path) {
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (slash == path ? 1 : (size_t)(slash - path)) : 1;
    char *folder = oc__alloc(context, length + 1);
    if (!folder) return NULL;
    memcpy(folder, slash ? path : ".", length);
    folder[length] = 0;
    return folder;
}

/* A file system that cannot sync a folder (EINVAL) has nothing to sync. */
oc_status oc__folder_sync(oc_context *context, const char *folder, oc_error *err) {
    oc_status status = OC_OK;
    int file = context->files->open(folder, O_RDONLY, 0);
    if (file < 0) return oc__fail_errno(err, errno, folder, "open");
    if (context->files->sync(file) != 0 && errno != EINVAL) status = oc__fail_errno(err, errno, folder, "sync");
    context->files->close(file);
    return status;
}

/* A name beside `path` that nobody else uses; NULL if there is no memory. */
static char *name_beside(oc_context *context, const char *path, size_t size) {
    static atomic_uint counter;
    char *beside = oc__alloc(context, size + 48);
    if (beside)
        snprintf(beside, size + 48, "%.*s.new-%ld-%u", (int)size, path, (long)getpid(), atomic_fetch_add(&counter, 1));
    return beside;
}

/* Opens a file of another name beside `path`, which is to take its place. The caller gives *beside to end_beside. */
static oc_status begin_beside(int *file, char **beside, oc_context *context, const char *path, oc_error *err) {
    *beside = name_beside(context, path, strlen(path));
    if (!*beside) return oc__fail_nomem(err, context, strlen(path), path);
    *file = context->files->open(*beside, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (*file >= 0) return OC_OK;
    oc_status status = oc__fail_errno(err, errno, path, "create");
    oc__free(context, *beside);
    return status;
}

/* Puts it in place, or removes it if `status` or what is done here fails. */
static oc_status end_beside(oc_status status, int file, char *beside, oc_context *context, const char *path, oc_error *err) {
    const oc__file_ops *files = context->files;
    if (!status && files->sync(file) != 0) status = oc__fail_errno(err, errno, path, "sync");
    if (files->close(file) != 0 && !status) status = oc__fail_errno(err, errno, path, "close");
    if (!status && files->rename(beside, path) != 0) status = oc__fail_errno(err, errno, path, "replace");
    if (status) files->unlink(beside);
    oc__free(context, beside);
    return status;
}

oc_status oc__file_put(oc_context *context, const char *path, const void *data, size_t size, oc_error *err) {
    int file;
    char *beside;
    oc_status status = begin_beside(&file, &beside, context, path, err);
    if (status) return status;
    status = write_all(file, data, size, context, path, err);
    return end_beside(status, file, beside, context, path, err);
}

oc_status oc__file_replace(oc_context *context, const char *path, const void *data, size_t size, oc_error *err) {
    char *folder = folder_of(context, path);
    if (!folder) return oc__fail_nomem(err, context, strlen(path), path);
    oc_status status = oc__file_put(context, path, data, size, err);
    if (!status) status = oc__folder_sync(context, folder, err);
    oc__free(context, folder);
    return status;
}

#define STREAM_BYTES (64u << 10)

static void free_stream(oc__stream *stream) {
    oc__free(stream->context, stream->path);
    oc__free(stream->context, stream->folder);
    oc__free(stream->context, stream->buffer);
}

oc_status oc__stream_begin(oc__stream *stream, oc_context *context, const char *path, oc_error *err) {
    *stream = (oc__stream){.context = context, .error = OC_ERROR_INIT};
    stream->path = oc__strdup(context, path);
    stream->folder = folder_of(context, path);
    stream->buffer = oc__alloc(context, STREAM_BYTES);
    oc_status status = stream->path && stream->folder && stream->buffer
                           ? begin_beside(&stream->file, &stream->beside, context, path, err)
                           : oc__fail_nomem(err, context, STREAM_BYTES, path);
    if (status) free_stream(stream);
    return status;
}

static void pass_on(oc__stream *stream, const void *data, size_t size) {
    if (!stream->status) stream->status = write_all(stream->file, data, size, stream->context, stream->path, &stream->error);
}

void oc__stream_write(oc__stream *stream, const void *data, size_t size) {
    if (size > STREAM_BYTES - stream->n) {
        pass_on(stream, stream->buffer, stream->n);
        stream->n = 0;
    }
    if (size > STREAM_BYTES) {
        pass_on(stream, data, size);
    } else if (size) {
        memcpy(stream->buffer + stream->n, data, size);
        stream->n += size;
    }
}

oc_status oc__stream_end(oc__stream *stream, oc_status status, oc_error *err) {
    oc_context *context = stream->context;
    if (!status) {
        pass_on(stream, stream->buffer, stream->n);
        if ((status = stream->status)) oc__fail(err, status, "%s", stream->error.message);
    }
    status = end_beside(status, stream->file, stream->beside, context, stream->path, err);
    if (!status) status = oc__folder_sync(context, stream->folder, err);
    free_stream(stream);
    return status;
}

static int by_name(const void *a, const void *b) { return strcmp(((const oc__entry *)a)->name, ((const oc__entry *)b)->name); }

void oc__entries_free(oc__entry *entries, size_t n, oc_context *context) {
    for (size_t i = 0; i < n; i++) oc__free(context, entries[i].name);
    oc__free(context, entries);
}

oc_status oc__folder_list(oc__entry **out, size_t *n, oc_context *context, const char *path, oc_error *err) {
    oc__entry *entries = NULL;
    size_t count = 0, capacity = 0;
    oc_status status = OC_OK;
    *out = NULL;
    *n = 0;
    DIR *folder = opendir(path);
    if (!folder) return oc__fail_errno(err, errno, path, "open the folder");
    for (;;) {
        errno = 0;
        struct dirent *item = readdir(folder);
        if (!item) {
            if (errno) status = oc__fail_errno(err, errno, path, "read the folder");
            break;
        }
        if (item->d_name[0] == '.') continue;
        if ((status = oc__reserve(&entries, &capacity, count, sizeof *entries, context, err))) break;
        struct stat about;
        bool known = fstatat(dirfd(folder), item->d_name, &about, 0) == 0;
        char *name = oc__strdup(context, item->d_name);
        if (!name) {
            status = oc__fail_nomem(err, context, strlen(item->d_name), path);
            break;
        }
        entries[count++] = (oc__entry){name, known && S_ISDIR(about.st_mode), known && S_ISREG(about.st_mode)};
    }
    closedir(folder);
    if (status) {
        oc__entries_free(entries, count, context);
        return status;
    }
    if (count) qsort(entries, count, sizeof *entries, by_name);
    *out = entries;
    *n = count;
    return OC_OK;
}

char *oc__path_join(oc_context *context, const char *folder, const char *name) {
    if (name[0] == '/' || !folder[0]) return oc__strdup(context, name);
    size_t a = strlen(folder), b = strlen(name);
    char *path = oc__alloc(context, a + b + 2);
    if (!path) return NULL;
    memcpy(path, folder, a);
    if (path[a - 1] != '/') path[a++] = '/';
    memcpy(path + a, name, b + 1);
    return path;
}

oc_status oc__folder_make(oc_context *context, const char *path, oc_error *err) {
    char *part = oc__strdup(context, path);
    oc_status status = OC_OK;
    if (!part) return oc__fail_nomem(err, context, strlen(path), path);
    for (size_t i = 1; !status && part[0]; i++) {
        char here = part[i];
        if (here != '/' && here != 0) continue;
        part[i] = 0;
        struct stat about;
        if (mkdir(part, 0777) != 0 && (stat(part, &about) != 0 || !S_ISDIR(about.st_mode)))
            status = oc__fail_errno(err, errno ? errno : ENOTDIR, part, "make the folder");
        part[i] = here;
        if (here == 0) break;
    }
    oc__free(context, part);
    return status;
}

bool oc__is_folder(const char *path) {
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *where) {
    (void)about, (void)kind, (void)where;
    remove(path);
    return 0;
}

void oc__folder_remove(const char *path) { nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

void oc__folder_remove_empty(const char *path) { rmdir(path); }

oc_status oc__folder_begin(char **beside, oc_context *context, const char *path, oc_error *err) {
    size_t size = strlen(path), n = 0;
    oc__entry *entries = NULL;
    while (size > 1 && path[size - 1] == '/') size--;
    if (oc__path_exists(path)) { /* an empty folder may be replaced, anything else not */
        oc_status status = oc__folder_list(&entries, &n, context, path, err);
        oc__entries_free(entries, n, context);
        if (status) return status;
        if (n) return oc__fail(err, OC_E_STATE, "%s: is there already and not empty", path);
    }
    if (!(*beside = name_beside(context, path, size))) return oc__fail_nomem(err, context, size, path);
    oc_status status = oc__folder_make(context, *beside, err);
    if (status) oc__free(context, *beside);
    return status;
}

oc_status oc__folder_end(oc_status status, char *beside, oc_context *context, const char *path, oc_error *err) {
    char *above = folder_of(context, beside);
    if (!above && !status) status = oc__fail_nomem(err, context, strlen(path), path);
    if (!status) status = oc__folder_sync(context, beside, err);
    if (!status && context->files->rename(beside, path) != 0) status = oc__fail_errno(err, errno, path, "put in place");
    if (status)
        oc__folder_remove(beside);
    else
        oc__folder_sync(context, above, NULL); /* whole or not there, also after a power loss */
    oc__free(context, above);
    oc__free(context, beside);
    return status;
}

bool oc__path_exists(const char *path) {
    struct stat about;
    return stat(path, &about) == 0;
}

oc_status oc__file_remove(oc_context *context, const char *path, oc_error *err) {
    return context->files->unlink(path) == 0 ? OC_OK : oc__fail_errno(err, errno, path, "remove");
}

oc_status oc__user_folder(char **out, oc_context *context, const char *name, const char *override, oc_error *err) {
    const char *wanted = getenv(override), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    *out = NULL;
    if (wanted && wanted[0]) {
        *out = oc__strdup(context, wanted);
    } else if (data && data[0] == '/') {
        *out = oc__path_join(context, data, name);
    } else if (home && home[0] == '/') {
        char *share = oc__path_join(context, home, ".local/share");
        *out = share ? oc__path_join(context, share, name) : NULL;
        oc__free(context, share);
    } else {
        return oc__fail(err, OC_E_NOT_FOUND, "there is no folder for the user's data: HOME and %s are not set", override);
    }
    return *out ? OC_OK : oc__fail_nomem(err, context, 256, name);
}
