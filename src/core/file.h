/* Files and folders. SPDX-License-Identifier: MIT */
#ifndef OC_CORE_FILE_H
#define OC_CORE_FILE_H

#include <sys/types.h>

#include "context.h"

/* The seam to the operating system: a test puts a table of its own into the context to make the n-th call fail. Each
 * function is as in POSIX. */
struct oc__file_ops {
    int (*open)(const char *path, int flags, mode_t mode);
    ssize_t (*read)(int file, void *data, size_t size);
    ssize_t (*write)(int file, const void *data, size_t size);
    int (*sync)(int file);
    int (*close)(int file);
    int (*rename)(const char *from, const char *to);
    int (*unlink)(const char *path);
    const char *database; /* what SQLite is to work through (the name of a VFS); NULL: its own */
};

extern const oc__file_ops oc__system_files;

/* The whole of a file. OC_E_NOT_FOUND, OC_E_IO, OC_E_LIMIT (more than max_size bytes, which `limit` names), OC_E_NOMEM.
 * The caller frees *data. */
oc_status oc__file_read(uint8_t **data, size_t *size, oc_context *context, const char *path, uint64_t max_size,
                        const char *limit, oc_error *err);

/* The first bytes of a file, at most `size`; *n_read says how many there were. */
oc_status oc__file_head(void *data, size_t size, size_t *n_read, oc_context *context, const char *path, oc_error *err);

/* Its size in bytes. */
oc_status oc__file_size(uint64_t *size, oc_context *context, const char *path, oc_error *err);

/* A file mapped for reading. An empty file has size 0 and data NULL. Free with oc__file_unmap. */
typedef struct oc__mapping {
    const uint8_t *data;
    size_t size;
} oc__mapping;

oc_status oc__file_map(oc__mapping *out, oc_context *context, const char *path, uint64_t max_size, const char *limit,
                       oc_error *err);
void oc__file_unmap(oc__mapping *mapping);

/* A file that is written piece by piece and then put in place of whatever `path` was, at once: a reader sees the old file or
 * the new one. It is written beside it, synced and renamed, and the folder is synced. */
typedef struct oc__stream {
    oc_context *context;
    char *path, *folder, *beside;
    uint8_t *buffer;
    size_t n; /* bytes in the buffer */
    int file;
    oc_status status; /* the first failure to write; it shows when the stream ends */
    oc_error error;
} oc__stream;

oc_status oc__stream_begin(oc__stream *stream, oc_context *context, const char *path, oc_error *err);
void oc__stream_write(oc__stream *stream, const void *data, size_t size);

/* Ends what oc__stream_begin began. If `status` is a failure, or ending fails, the old file stands and nothing is left behind.
 * (Should syncing the folder fail, the new file stands, and OC_E_IO says that a power loss might bring the old one back.)
 * Returns `status` or what failed. */
oc_status oc__stream_end(oc__stream *stream, oc_status status, oc_error *err);

/* The same in one call, for what is in memory. */
oc_status oc__file_replace(oc_context *context, const char *path, const void *data, size_t size, oc_error *err);

/* The same for a file that is new, or whose old bytes nobody needs, without syncing the folder: that is left to the caller, who
 * may have many files to put there. */
oc_status oc__file_put(oc_context *context, const char *path, const void *data, size_t size, oc_error *err);

/* Syncs a folder, so that a rename in it survives a power loss. */
oc_status oc__folder_sync(oc_context *context, const char *folder, oc_error *err);

typedef struct oc__entry {
    char *name;
    bool is_folder;
    bool is_file; /* links are followed */
} oc__entry;

/* The entries of a folder in the order of their names' bytes, hidden ones left out. Free with oc__entries_free. */
oc_status oc__folder_list(oc__entry **out, size_t *n, oc_context *context, const char *path, oc_error *err);
void oc__entries_free(oc__entry *entries, size_t n, oc_context *context);

/* "folder/name", or `name` itself if it is absolute or the folder is empty. NULL if there is no memory. */
char *oc__path_join(oc_context *context, const char *folder, const char *name);

/* Makes a folder and those above it that are not there. It may be there already. */
oc_status oc__folder_make(oc_context *context, const char *path, oc_error *err);

/* A folder that is filled under another name beside `path` and then put in its place, whole or not at all. `path` must not be
 * there, or be an empty folder: OC_E_STATE. *beside is where to fill it. */
oc_status oc__folder_begin(char **beside, oc_context *context, const char *path, oc_error *err);

/* Puts it in place, or removes it if `status` is a failure; frees `beside`. Returns `status` or what failed. */
oc_status oc__folder_end(oc_status status, char *beside, oc_context *context, const char *path, oc_error *err);

/* Removes a folder with all that is in it, as far as that can be done. Links are not followed. */
void oc__folder_remove(const char *path);

/* Removes a folder if nothing is in it. */
void oc__folder_remove_empty(const char *path);

bool oc__is_folder(const char *path);

/* True if there is something at `path`. */
bool oc__path_exists(const char *path);

oc_status oc__file_remove(oc_context *context, const char *path, oc_error *err);

/* Where the user's own files of the kind `name` ("ocellus/base") lie, whether the folder is there or not: what the environment
 * variable `override` says, or else `name` in $XDG_DATA_HOME or ~/.local/share. OC_E_NOT_FOUND if none is known. The caller
 * frees *out. */
oc_status oc__user_folder(char **out, oc_context *context, const char *name, const char *override, oc_error *err);

/* OC_E_NOT_FOUND or OC_E_IO from errno: "path: cannot open: Permission denied". */
oc_status oc__fail_errno(oc_error *err, int number, const char *path, const char *doing);

#endif
