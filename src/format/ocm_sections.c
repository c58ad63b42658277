/* The outside of a model file. SPDX-License-Identifier: MIT */
#include "ocm_sections.h"

#include <stdio.h>
#include <string.h>

#include "checked.h"
#include "hash.h"

typedef struct entry {
    char type[5];
    uint32_t flags, crc, reserved;
    uint64_t offset, size;
} entry;

static entry read_entry(const uint8_t *data, size_t index) {
    const uint8_t *p = data + OC__OCM_HEADER_SIZE + index * OC__OCM_ENTRY_BYTES;
    entry e = {.flags = oc__le32(p + OC__OCM_ENTRY_FLAGS),
               .crc = oc__le32(p + OC__OCM_ENTRY_CRC),
               .reserved = oc__le32(p + OC__OCM_ENTRY_RESERVED),
               .offset = oc__le64(p + OC__OCM_ENTRY_OFFSET),
               .size = oc__le64(p + OC__OCM_ENTRY_SIZE)};
    memcpy(e.type, p + OC__OCM_ENTRY_TYPE, 4);
    return e;
}

static bool type_valid(const char *type) {
    for (int i = 0; i < 4; i++)
        if (type[i] < 'A' || type[i] > 'Z') return false;
    return true;
}

/* What tells how much of the file there is to check. */
static oc_status check_start(const uint8_t *data, size_t size, oc_error *err) {
    if (size < OC__OCM_MAGIC_SIZE || memcmp(data, OC__OCM_MAGIC, OC__OCM_MAGIC_SIZE) != 0) {
        if (size >= 4 && memcmp(data + 1, &OC__OCM_MAGIC[1], 3) == 0)
            return oc__fail(err, OC_E_CORRUPT, "its signature is damaged, as by a transfer as text or a cut after %zu bytes",
                            size);
        return oc__fail(err, OC_E_FORMAT, size ? "is not a model file" : "is empty");
    }
    if (size < OC__OCM_HEADER_SIZE)
        return oc__fail(err, OC_E_CORRUPT, "its header ends at %d, file has %zu bytes", OC__OCM_HEADER_SIZE, size);
    uint32_t major = oc__le16(data + OC__OCM_AT_MAJOR), minor = oc__le16(data + OC__OCM_AT_MINOR);
    if (major > OC__OCM_MAJOR)
        return oc__fail(err, OC_E_UNSUPPORTED, "is of format version %u.%u, this library reads version %d", major, minor,
                        OC__OCM_MAJOR);
    if (major < OC__OCM_MAJOR) return oc__fail(err, OC_E_CORRUPT, "is of format version %u.%u, which never was", major, minor);
    return OC_OK;
}

static uint32_t header_crc(const uint8_t *data, size_t table_end) {
    uint32_t crc = oc__crc32(0, data, OC__OCM_AT_CRC);
    return oc__crc32(crc, data + OC__OCM_AT_RESERVED, table_end - OC__OCM_AT_RESERVED);
}

/* *n becomes the number of sections. */
static oc_status check_header(size_t *n, const uint8_t *data, size_t size, oc_error *err) {
    uint32_t count = oc__le32(data + OC__OCM_AT_COUNT);
    if (count < 1 || count > OC__OCM_MAX_SECTIONS)
        return oc__fail(err, OC_E_CORRUPT, "has %u sections, expected 1 to %d", count, OC__OCM_MAX_SECTIONS);
    size_t table_end = OC__OCM_HEADER_SIZE + (size_t)count * OC__OCM_ENTRY_BYTES;
    if (table_end > size)
        return oc__fail(err, OC_E_CORRUPT, "its section table ends at %zu, file has %zu bytes", table_end, size);
    uint32_t crc = oc__le32(data + OC__OCM_AT_CRC), found = header_crc(data, table_end);
    if (crc != found)
        return oc__fail(err, OC_E_CORRUPT, "its header is damaged: the checksum is %08x, expected %08x", found, crc);
    if (oc__le32(data + OC__OCM_AT_RESERVED))
        return oc__fail(err, OC_E_UNSUPPORTED, "its header's reserved field is %u, this library expects 0",
                        oc__le32(data + OC__OCM_AT_RESERVED));
    *n = count;
    return OC_OK;
}

/* The sections must begin where the one before ends, rounded up, and the last one must end the file. */
static oc_status check_tiling(const uint8_t *data, size_t n, size_t size, oc_error *err) {
    uint64_t file_size = oc__le64(data + OC__OCM_AT_FILE_SIZE), end = OC__OCM_HEADER_SIZE + n * OC__OCM_ENTRY_BYTES;
    for (size_t i = 0; i < n; i++) {
        entry e = read_entry(data, i);
        if (!type_valid(e.type)) return oc__fail(err, OC_E_CORRUPT, "section %zu: its type is not four letters A to Z", i + 1);
        for (size_t j = 0; j < i; j++)
            if (strcmp(read_entry(data, j).type, e.type) == 0)
                return oc__fail(err, OC_E_CORRUPT, "sections %zu and %zu are both %s", j + 1, i + 1, e.type);
        /* `end` is at most 2^63, so rounding it up cannot wrap. */
        uint64_t expected = (end + OC__OCM_ALIGNMENT - 1) / OC__OCM_ALIGNMENT * OC__OCM_ALIGNMENT;
        if (e.offset != expected)
            return oc__fail(err, OC_E_CORRUPT, "section %zu (%s) begins at %llu, expected %llu", i + 1, e.type,
                            (unsigned long long)e.offset, (unsigned long long)expected);
        if (e.size > INT64_MAX - e.offset)
            return oc__fail(err, OC_E_CORRUPT, "section %zu (%s) has the impossible size %llu", i + 1, e.type,
                            (unsigned long long)e.size);
        end = e.offset + e.size;
        if (end > size)
            return oc__fail(err, OC_E_CORRUPT, "section %zu (%s) ends at %llu, file has %zu bytes", i + 1, e.type,
                            (unsigned long long)end, size);
    }
    if (end != file_size || file_size != size)
        return oc__fail(err, OC_E_CORRUPT, "its last section ends at %llu and its header says %llu, file has %zu bytes",
                        (unsigned long long)end, (unsigned long long)file_size, size);
    return OC_OK;
}

static oc_status check_contents(const uint8_t *data, size_t n, oc_error *err) {
    size_t end = OC__OCM_HEADER_SIZE + n * OC__OCM_ENTRY_BYTES;
    for (size_t i = 0; i < n; i++) {
        entry e = read_entry(data, i);
        for (; end < e.offset; end++)
            if (data[end])
                return oc__fail(err, OC_E_CORRUPT, "byte %zu, before section %zu (%s), is padding and not zero", end, i + 1,
                                e.type);
        uint32_t crc = oc__crc32(0, data + e.offset, (size_t)e.size);
        if (crc != e.crc)
            return oc__fail(err, OC_E_CORRUPT, "section %zu (%s) is damaged: its checksum is %08x, expected %08x", i + 1,
                            e.type, crc, e.crc);
        end += (size_t)e.size;
    }
    return OC_OK;
}

static oc_status place_section(oc__cursor sections[], oc_context *context, const uint8_t *data, size_t index, oc_error *err) {
    entry e = read_entry(data, index);
    int kind = 0;
    if ((e.flags & ~OC__OCM_CRITICAL) || e.reserved)
        return oc__fail(err, OC_E_UNSUPPORTED, "section %zu (%s) has flags or a reserved field this library does not know",
                        index + 1, e.type);
    while (kind < OC__OCM_N_KINDS && strcmp(oc__ocm_kinds[kind].type, e.type) != 0) kind++;
    if (kind == OC__OCM_N_KINDS) {
        if (!(e.flags & OC__OCM_CRITICAL)) return OC_OK;
        return oc__fail(err, OC_E_UNSUPPORTED, "section %zu (%s) is needed to use the model, and this library does not know it",
                        index + 1, e.type);
    }
    if (e.flags != oc__ocm_kinds[kind].flags)
        return oc__fail(err, OC_E_CORRUPT, "section %zu (%s) has the flags %u, expected %u", index + 1, e.type, e.flags,
                        oc__ocm_kinds[kind].flags);
    oc__cursor *cursor = &sections[kind];
    *cursor = (oc__cursor){.data = data + e.offset,
                           .size = (size_t)e.size,
                           .file_offset = (size_t)e.offset,
                           .context = context,
                           .err = err};
    snprintf(cursor->name, sizeof cursor->name, "section %u (%s)", (unsigned)index + 1, e.type);
    return OC_OK;
}

oc_status oc__ocm_open(oc__cursor sections[OC__OCM_N_KINDS], oc_context *context, const uint8_t *data, size_t size,
                       oc_error *err) {
    oc_status status;
    size_t n = 0;
    memset(sections, 0, OC__OCM_N_KINDS * sizeof *sections);
    if ((status = check_start(data, size, err)) || (status = check_header(&n, data, size, err))
        || (status = check_tiling(data, n, size, err)) || (status = check_contents(data, n, err)))
        return status;
    for (size_t i = 0; i < n; i++)
        if ((status = place_section(sections, context, data, i, err))) return status;
    for (int kind = 0; kind < OC__OCM_N_KINDS; kind++)
        if (!sections[kind].data && oc__ocm_kinds[kind].required)
            return oc__fail(err, OC_E_CORRUPT, "has no section %s", oc__ocm_kinds[kind].type);
    return OC_OK;
}
