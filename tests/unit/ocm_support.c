/* What the tests of model files share. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "ocm_support.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"

static void *allocate(void *user, size_t size) {
    recorder *record = user;
    record->n++;
    if (size > record->largest) record->largest = size;
    if (record->fail_at && (record->n == record->fail_at || (record->fail_after && record->n > record->fail_at))) return NULL;
    void *memory = malloc(size);
    if (memory) record->n_live++;
    return memory;
}

static void release(void *user, void *memory) {
    recorder *record = user;
    record->n_live--;
    free(memory);
}

oc_context *support_context(recorder *record) {
    oc_context *context = NULL;
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    options.allocate = allocate;
    options.release = release;
    options.allocator_user = record;
    *record = (recorder){0};
    ck_assert_int_eq(oc__context_create(&context, &options, NULL), OC_OK);
    context->kernels = oc__kernels_select(NULL);
    return context;
}

oc__buffer support_file(oc_context *context, int which) {
    oc__buffer file = {.context = context};
    oc_model *model = NULL;
    ck_assert_int_eq(golden_model(&model, context, which, NULL), OC_OK);
    ck_assert_int_eq(oc__ocm_write(&file, model, NULL), OC_OK);
    oc__model_release(model);
    return file;
}

uint8_t *support_copy(const uint8_t *data, size_t size) {
    uint8_t *copy = malloc(size);
    ck_assert(copy || size == 0);
    if (size) memcpy(copy, data, size);
    return copy;
}

void support_put_u32(uint8_t *p, uint32_t value) {
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(value >> (8 * i));
}

size_t support_section(const uint8_t *data, const char *type) {
    for (uint32_t i = 0; i < oc__le32(data + OC__OCM_AT_COUNT); i++) {
        const uint8_t *entry = data + OC__OCM_HEADER_SIZE + i * OC__OCM_ENTRY_BYTES;
        if (memcmp(entry + OC__OCM_ENTRY_TYPE, type, 4) == 0) return (size_t)oc__le64(entry + OC__OCM_ENTRY_OFFSET);
    }
    ck_abort_msg("no section %s", type);
    return 0;
}

char *support_describe(const oc_model *model) {
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(golden_describe(file, model, NULL), OC_OK);
    ck_assert_int_eq(fclose(file), 0);
    return text;
}
