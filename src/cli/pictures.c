/* The pictures named on the command line.
 * SPDX-License-Identifier: MIT */
#include "pictures.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "console.h"
#include "platform.h"

/* The library refuses larger pictures by default; one byte more is read so that it does. */
#define MAX_INPUT ((size_t)64 << 20)

static void add(pictures *p, char *name, bool found) {
    if ((p->n & (p->n - 1)) == 0) {
        size_t capacity = p->n > 0 ? 2 * p->n : 1;
        p->names = text_reallocate(p->names, capacity * sizeof(*p->names));
        p->found = text_reallocate(p->found, capacity * sizeof(*p->found));
    }
    p->names[p->n] = name;
    p->found[p->n++] = found;
}

static void add_input(pictures *p, char *operand) {
    if (p->input != NULL) {
        console_error("-: standard input can be read only once");
        p->n_failed++;
        return;
    }
    size_t capacity = (size_t)1 << 16, got = 1;
    p->input = text_allocate(capacity);
    while (got > 0 && p->input_size <= MAX_INPUT) {
        if (p->input_size == capacity) p->input = text_reallocate(p->input, capacity *= 2);
        errno = 0;
        got = fread((char *)p->input + p->input_size, 1, capacity - p->input_size, stdin);
        p->input_size += got;
    }
    if (ferror(stdin)) {
        console_error("-: standard input cannot be read: %s", strerror(errno));
        p->n_failed++;
    } else if (p->input_size == 0) {
        console_error("-: standard input is empty");
        p->n_failed++;
    } else {
        add(p, operand, false);
    }
}

static void add_folder(pictures *p, const char *folder) {
    text_list files = {0}, unreadable = {0};
    platform_walk(&files, &unreadable, folder);
    for (size_t i = 0; i < unreadable.n; i++) {
        console_error("%s", unreadable.items[i]);
        p->n_failed++;
    }
    if (files.n == 0 && unreadable.n == 0) {
        console_error("%s: holds no files", folder);
        p->n_failed++;
    }
    for (size_t i = 0; i < files.n; i++) {
        text_list_add(&p->owned, files.items[i]);
        add(p, files.items[i], true);
    }
    files.n = 0;
    text_list_free(&files);
    text_list_free(&unreadable);
}

void pictures_collect(pictures *p, char *const *operands, size_t n, bool recursive) {
    for (size_t i = 0; i < n; i++) {
        if (strcmp(operands[i], "-") == 0) {
            add_input(p, operands[i]);
        } else if (platform_path_kind(operands[i]) != PATH_FOLDER) {
            add(p, operands[i], false);
        } else if (recursive) {
            add_folder(p, operands[i]);
        } else {
            console_error("%s: is a folder", operands[i]);
            console_hint("--recursive predicts the pictures in folders");
            p->n_failed++;
        }
    }
}

void pictures_free(pictures *p) {
    free(p->names);
    free(p->found);
    free(p->input);
    text_list_free(&p->owned);
}

oc_image pictures_image(const pictures *p, size_t index) {
    oc_image image = OC_IMAGE_INIT;
    image.format = OC_IMAGE_PATH;
    image.data = p->names[index];
    if (strcmp(p->names[index], "-") == 0) {
        image.format = OC_IMAGE_ENCODED;
        image.data = p->input;
        image.size = p->input_size;
        image.name = "standard input";
    }
    return image;
}
