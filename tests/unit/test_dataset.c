/* Data sets: folders, CSV files, pictures in memory. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dataset.h"
#include "memory.h"
#include "support.h"

static const char png[] = "\x89PNG\r\n\x1A\n-------------------------";

static oc_context *context;
static char *folder;
static void begin(void) {
    context = new_threads_context(1, NULL);
    folder = new_folder();
}
static void end(void) {
    remove_folder(folder);
    end_context(context);
}

static bool has_note(const oc_dataset *d, const char *text) {
    for (size_t i = 0; i < d->n_notes; i++)
        if (strstr(d->notes[i], text)) return true;
    return false;
}

START_TEST(test_folder) {
    begin();
    oc_dataset *d = NULL;
    oc_error err = OC_ERROR_INIT;
    put_text(folder, "cat/b.png", png);
    put_text(folder, "cat/a.jpg", "\xFF\xD8\xFF\xE0----------------");
    put_text(folder, "cat/10.bmp", png); /* its bytes tell, not its name */
    put_text(folder, "cat/.hidden.png", png);
    put_text(folder, "cat/text.png", "no picture at all");
    put_text(folder, "cat/empty.png", "");
    put_text(folder, "cat/deep/deeper/c.png", png);
    put_text(folder, "ant/name \xFF.png", png); /* a file's name may be any bytes */
    put_text(folder, "\xC3\xA4hre/x.gif", "GIF89a--------------------------");
    put_text(folder, ".git/x.png", png);
    put_text(folder, "beside.png", png);
    put_text(folder, "bare/none.txt", "text");
    mkdir(in(folder, "void"), 0777);
    ck_assert_int_eq(mkfifo(in(folder, "cat/pipe.png"), 0666), 0);
    ck_assert_int_eq(symlink("nowhere", in(folder, "cat/dangling.png")), 0);
    ck_assert_int_eq(symlink("b.png", in(folder, "cat/z-link.png")), 0);
    ck_assert_msg(oc__dataset_load_folder(&d, context, folder, &err) == OC_OK, "%s", err.message);
    static const struct {
        const char *name, *tag;
    } expected[] = {{"ant/name \xFF.png", "ant"}, {"cat/10.bmp", "cat"},      {"cat/a.jpg", "cat"},
                    {"cat/b.png", "cat"},         {"cat/z-link.png", "cat"}, {"\xC3\xA4hre/x.gif", "\xC3\xA4hre"}};
    ck_assert_uint_eq(d->n_samples, 6);
    ck_assert_uint_eq(d->n_tags, 3);
    for (size_t i = 0; i < 6; i++) {
        const oc__sample *s = d->samples[i].sample;
        ck_assert_str_eq(s->image.name, in(folder, expected[i].name));
        ck_assert_str_eq(s->image.data, in(folder, expected[i].name));
        ck_assert_str_eq(d->tags[d->labels[d->samples[i].first]], expected[i].tag);
        ck_assert_str_eq(s->split, "");
    }
    static const char *const notes[] = {"/cat/text.png: not a JPEG", "/cat/empty.png: is empty", "/cat/deep: a folder within",
                                        "/beside.png: lies beside",  "/bare/none.txt: not a", "/bare: has no pictures",
                                        "/void: has no pictures",    "/cat/pipe.png: cannot be read",
                                            "/cat/dangling.png: cannot"};
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) ck_assert_msg(has_note(d, notes[i]), "no note '%s'", notes[i]);
    ck_assert_uint_eq(d->n_notes, 9);
    oc__dataset_free(d);
    end();
}
END_TEST

START_TEST(test_bad_folders) {
    begin();
    oc_dataset *d = NULL;
    oc_error err = OC_ERROR_INIT;
    ck_assert_int_eq(oc__dataset_load_folder(&d, context, folder, &err), OC_E_DATA);
    ck_assert_int_eq(oc__dataset_load_folder(&d, context, in(folder, "missing"), &err), OC_E_NOT_FOUND);
    put_text(folder, "a.png", png);
    ck_assert_int_eq(oc__dataset_load_folder(&d, context, folder, &err), OC_E_DATA);
    ck_assert_ptr_nonnull(strstr(err.message, "one sub-folder"));
    ck_assert_int_eq(oc__dataset_load_folder(&d, context, in(folder, "a.png"), &err), OC_E_NOT_FOUND);
    put_text(folder, "gr\xFCn/a.png", png);
    ck_assert_int_eq(oc__dataset_load_folder(&d, context, folder, &err), OC_E_DATA);
    ck_assert_ptr_nonnull(strstr(err.message, "no tag"));
    ck_assert_ptr_null(d);
    end();
}
END_TEST

/* The rows that come out, as "path|tag|split;" with the folder left out, or the error's message. */
static const char *read_csv(const void *text, size_t size, oc_status expected) {
    static char out[4096];
    oc_dataset *d = NULL;
    oc_error err = OC_ERROR_INIT;
    put_file(folder, "data.csv", text, size);
    oc_status status = oc__dataset_load_csv(&d, context, in(folder, "data.csv"), &err);
    ck_assert_msg(status == expected, "%s: %d (%s), expected %d", (const char *)text, status, err.message, expected);
    out[0] = 0;
    if (status) {
        ck_assert_ptr_null(d);
        snprintf(out, sizeof out, "%s", strstr(err.message, "data.csv"));
    }
    for (size_t i = 0; d && i < d->n_samples; i++) {
        const char *name = d->samples[i].sample->image.name;
        if (strncmp(name, folder, strlen(folder)) == 0) name += strlen(folder) + 1;
        size_t n = strlen(out);
        n += (size_t)snprintf(out + n, sizeof out - n, "%s|", name);
        for (uint32_t k = 0; k < d->samples[i].n_tags; k++)
            n += (size_t)snprintf(out + n, sizeof out - n, k ? "+%s" : "%s", d->tags[d->labels[d->samples[i].first + k]]);
        snprintf(out + n, sizeof out - n, "|%s;", d->samples[i].sample->split);
    }
    oc__dataset_free(d);
    return out;
}

START_TEST(test_csv) {
    static const struct {
        const char *text;
        oc_status status;
        const char *expected; /* all of it, or the message's beginning */
    } cases[] = {
        {"path,tag\na.png,x\n", OC_OK, "a.png|x|;"},
        {"path,tag\na.png,x", OC_OK, "a.png|x|;"},
        {"path,tag\r\na.png,x\r\nb.png,y\r\n", OC_OK, "a.png|x|;b.png|y|;"},
        {"\xEF\xBB\xBFpath,tag\na.png,x\n", OC_OK, "a.png|x|;"},
        {"\xEF\xBB\xBF\"path\",\"tag\"\na.png,x\n", OC_OK, "a.png|x|;"},
        {"tag,other,split,path\nx,1,train,a.png\ny,,,b.png\n", OC_OK, "a.png|x|train;b.png|y|;"},
        {"path,tags\na.png,x|y\nb.png,\nc.png,y|x|y\n", OC_OK, "a.png|x+y|;b.png||;c.png|y+x|;"},
        {"path,tags\na.png,x||y\n", OC_E_CORRUPT, "data.csv:2: the tag is not UTF-8"},
        {"path,tags\na.png,x|\n", OC_E_CORRUPT, "data.csv:2: the tag is not UTF-8"},
        {"path,tags,tag\na.png,x,y\n", OC_E_FORMAT, "data.csv:1: has both"},
        {"path,tag\na.png,x|y\n", OC_OK, "a.png|x|y|;"},
        {"path,tag\n\n\na.png,x\n\r\n\n", OC_OK, "a.png|x|;"},
        {"path,tag\n\"a,b.png\",\"say \"\"x\"\"\"\n", OC_OK, "a,b.png|say \"x\"|;"},
        {"path,tag,note\na.png,x,\"two\nlines\r\nand \"\"more\"\"\"\nb.png,y,", OC_OK, "a.png|x|;b.png|y|;"},
        {"path,tag\n/abs/a.png,x\n", OC_OK, "/abs/a.png|x|;"},
        {"path,tag\n a.png , x \n", OC_OK, " a.png | x |;"}, /* blanks are part of a field */
        {"path,tag\ra.png,x\rb.png,y", OC_OK, "a.png|x|;b.png|y|;"},
        {"path,tag,split\na.png,x,\"te\"\"st\"", OC_OK, "a.png|x|te\"st;"},
        {"path,tag\na.png,\xC3\xA4\n", OC_OK, "a.png|\xC3\xA4|;"},
        {"", OC_E_FORMAT, "data.csv:1: has no column 'path'"},
        {"\xEF\xBB\xBF", OC_E_FORMAT, "data.csv:1: has no column 'path'"},
        {"path\na.png\n", OC_E_FORMAT, "data.csv:1: has no column 'tag'"},
        {"Path,Tag\na.png,x\n", OC_E_FORMAT, "data.csv:1: has no column 'path'"},
        {"path;tag\na.png;x\n", OC_E_FORMAT, "data.csv:1: has no column 'path'"},
        {"path,tag\n", OC_E_DATA, "data.csv: names no pictures"},
        {"path,tag\na.png,x\nb.png\n", OC_E_CORRUPT, "data.csv:3: has 1 fields, the first line 2"},
        {"path,tag\na.png,x,\n", OC_E_CORRUPT, "data.csv:2: has 3 fields, the first line 2"},
        {"path,tag,o\na.png,x,\"1\n2\n3\"\nb.png,x\n", OC_E_CORRUPT, "data.csv:5: has 2 fields, the first line 3"},
        {"path,tag\n,x\n", OC_E_CORRUPT, "data.csv:2: the path is empty"},
        {"path,tag\na.png,\n", OC_E_CORRUPT, "data.csv:2: the tag is not"},
        {"path,tag\na.png,\xFF\n", OC_E_CORRUPT, "data.csv:2: the tag is not"},
        {"path,tag\na.png,\"x\ny\"\n", OC_E_CORRUPT, "data.csv:2: the tag is not"},
        {"path,tag\n\"a.png,x\n", OC_E_CORRUPT, "data.csv:2: a quoted field does not end"},
        {"path,tag\n\"", OC_E_CORRUPT, "data.csv:2: a quoted field does not end"},
        {"path,tag\n\"a\"\"", OC_E_CORRUPT, "data.csv:2: a quoted field does not end"},
        {"path,tag\n\"a.png\"b,x\n", OC_E_CORRUPT, "data.csv:2: text follows a closing quote"},
        {"\"path", OC_E_CORRUPT, "data.csv:1: a quoted field does not end"},
    };
    begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = read_csv(cases[i].text, strlen(cases[i].text), cases[i].status);
        if (cases[i].status) check_that(strncmp(got, cases[i].expected, strlen(cases[i].expected)) == 0, "case %zu: %s", i,
            got);
        else check_that(strcmp(got, cases[i].expected) == 0, "case %zu: %s", i, got);
    }
    read_csv("path,tag\na\0.png,x\n", 18, OC_E_FORMAT);
    read_csv("path,tag\na.png,x\n\0", 18, OC_E_FORMAT);
    /* Every prefix of a difficult file, in memory that ends with it. */
    static const char hard[] = "\xEF\xBB\xBFpath,\"tag\",o\r\n\"a \"\"1\"\"\",x,\"\r\n\"\r\n\nb,\"y\",\"\"\r\n";
    for (size_t size = 0; size < sizeof hard; size++) {
        oc_dataset *d = NULL;
        put_file(folder, "data.csv", hard, size);
        if (oc__dataset_load_csv(&d, context, in(folder, "data.csv"), NULL) == OC_OK) oc__dataset_free(d);
    }
    char many[1000] = "path,tag";
    for (int i = 2; i < 64; i++) strcat(many, ",c");
    strcat(many, "\na.png,x");
    for (int i = 2; i < 64; i++) strcat(many, ",");
    ck_assert_str_eq(read_csv(many, strlen(many), OC_OK), "a.png|x|;");
    strcat(many, ",");
    read_csv(many, strlen(many), OC_E_CORRUPT);
    many[0] = 0;
    for (int i = 0; i < 64; i++) strcat(many, "c,");
    read_csv(strcat(many, "path"), strlen(many), OC_E_LIMIT);
    oc_dataset *d = NULL;
    ck_assert_int_eq(oc__dataset_load_csv(&d, context, in(folder, "missing.csv"), NULL), OC_E_NOT_FOUND);
    ck_assert_int_eq(oc__dataset_load_csv(&d, context, folder, NULL), OC_E_IO);
    end();
}
END_TEST

static oc_image raw_image(const void *data, uint32_t format, uint32_t width, uint32_t height, ptrdiff_t stride) {
    oc_image image = OC_IMAGE_INIT;
    image.format = format;
    image.data = data;
    image.width = width;
    image.height = height;
    image.stride = stride;
    return image;
}

/* Pixels with padding, upwards and downwards: what is kept are the rows, whatever becomes of the caller's. */
START_TEST(test_raw) {
    begin();
    oc_dataset *d;
    uint8_t pixels[5 * 16];
    ck_assert_int_eq(oc__dataset_create(&d, context, NULL), OC_OK);
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)i;
    oc_image plain = raw_image(pixels, OC_IMAGE_RGB8, 3, 4, 0), padded = raw_image(pixels, OC_IMAGE_RGB8, 3, 5, 16);
    oc_image flipped = raw_image(pixels + 64, OC_IMAGE_RGBA8, 4, 5, -16), grey = raw_image(pixels, OC_IMAGE_GRAY8, 7, 5, 9);
    grey.name = "grey";
    ck_assert_int_eq(oc__dataset_add(d, &plain, "a", NULL, NULL), OC_OK);
    ck_assert_int_eq(oc__dataset_add(d, &padded, "b", "train", NULL), OC_OK);
    ck_assert_int_eq(oc__dataset_add(d, &flipped, "a", "test", NULL), OC_OK);
    ck_assert_int_eq(oc__dataset_add(d, &grey, "c", "", NULL), OC_OK);
    memset(pixels, 0xEE, sizeof pixels);
    static const size_t rows[] = {9, 9, 16, 7}, heights[] = {4, 5, 5, 5};
    static const int strides[] = {9, 16, -16, 9}, starts[] = {0, 0, 64, 0};
    for (size_t i = 0; i < 4; i++) {
        const oc_image *image = &d->samples[i].sample->image;
        ck_assert_int_eq(image->stride, 0);
        for (size_t y = 0; y < heights[i]; y++)
            for (size_t x = 0; x < rows[i]; x++)
                check_that(((const uint8_t *)image->data)[y * rows[i] + x] == starts[i] + (int)y * strides[i] + (int)x,
                    "picture %zu", i);
    }
    ck_assert_str_eq(d->samples[0].sample->image.name, "picture 0");
    ck_assert_str_eq(d->samples[3].sample->image.name, "grey");
    ck_assert_uint_eq(d->n_tags, 3);
    oc_error err = OC_ERROR_INIT;
    ck_assert_int_eq(oc__dataset_add(d, &plain, NULL, NULL, &err), OC_E_ARGUMENT);
    ck_assert_int_eq(oc__dataset_add(d, &plain, "", NULL, &err), OC_E_ARGUMENT);
    ck_assert_int_eq(oc__dataset_add(d, &plain, "new\n", NULL, &err), OC_E_ARGUMENT);
    ck_assert_int_eq(oc__dataset_add(d, NULL, "new", NULL, &err), OC_E_ARGUMENT);
    padded.stride = 8;
    ck_assert_int_eq(oc__dataset_add(d, &padded, "new", NULL, &err), OC_E_ARGUMENT);
    padded.stride = -8;
    ck_assert_int_eq(oc__dataset_add(d, &padded, "new", NULL, &err), OC_E_ARGUMENT);
    padded.width = 0;
    ck_assert_int_eq(oc__dataset_add(d, &padded, "new", NULL, &err), OC_E_ARGUMENT);
    ck_assert(d->n_samples == 4 && d->n_tags == 3); /* a refusal leaves no tag behind */
    oc__dataset_free(d);
    end();
}
END_TEST

START_TEST(test_sharing) {
    begin();
    oc_dataset *d, *copy, *chosen, *none = NULL;
    uint8_t pixels[12] = {0};
    uint32_t tag;
    oc_image image = raw_image(pixels, OC_IMAGE_RGB8, 2, 2, 0);
    ck_assert_int_eq(oc__dataset_create(&d, context, NULL), OC_OK);
    ck_assert_int_eq(oc__dataset_add_tag(&tag, d, "bare", NULL), OC_OK);
    ck_assert_int_eq(oc__dataset_add(d, &image, "a", "train", NULL), OC_OK);
    ck_assert_int_eq(oc__dataset_add(d, &image, "b", "test", NULL), OC_OK);
    ck_assert_int_eq(oc__dataset_add(d, &image, "a", "test", NULL), OC_OK);
    ck_assert_int_eq(oc__dataset_snapshot(&copy, d, NULL), OC_OK);
    ck_assert_int_eq(oc__dataset_select_split(&chosen, d, "test", NULL), OC_OK);
    ck_assert_int_eq(oc__dataset_select_split(&none, d, "other", NULL), OC_E_NOT_FOUND);
    ck_assert_ptr_null(none);
    ck_assert(copy->n_samples == 3 && copy->n_tags == 2 && strcmp(copy->tags[0], "a") == 0);
    ck_assert(chosen->n_samples == 2 && chosen->n_tags == 3 && strcmp(chosen->tags[chosen->labels[chosen->samples[0].first]], "b") == 0);
    ck_assert_ptr_eq(copy->samples[1].sample, d->samples[1].sample);
    ck_assert_ptr_eq(chosen->samples[1].sample, d->samples[2].sample);
    ck_assert_uint_eq(atomic_load(&d->samples[2].sample->n_references), 3);
    ck_assert_int_eq(oc__dataset_add(d, &image, "later", NULL, NULL), OC_OK);
    oc__dataset_free(d); /* the samples live on */
    ck_assert(copy->n_samples == 3 && ((const uint8_t *)copy->samples[0].sample->image.data)[11] == 0);
    oc__dataset_free(copy);
    ck_assert_uint_eq(atomic_load(&chosen->samples[0].sample->n_references), 1);
    oc__dataset_free(chosen);
    end();
}
END_TEST

static oc_status load_all(oc_context *with, void *user, oc_error *err) {
    oc_dataset *d = NULL, *more = NULL, *copy = NULL, *chosen = NULL;
    uint8_t pixels[12] = {0};
    oc_image image = raw_image(pixels, OC_IMAGE_RGB8, 2, 2, 0);
    oc_status status = oc__dataset_load_folder(&d, with, user, err);
    if (!status) status = oc__dataset_load_csv(&more, with, in(user, "data.csv"), err);
    if (!status) status = oc__dataset_add(more, &image, "new", "test", err);
    if (!status) status = oc__dataset_snapshot(&copy, more, err);
    if (!status) status = oc__dataset_select_split(&chosen, more, "test", err);
    oc__dataset_free(d);
    oc__dataset_free(more);
    oc__dataset_free(copy);
    oc__dataset_free(chosen);
    return status;
}

START_TEST(test_memory_runs_out) {
    begin();
    put_text(folder, "data.csv", "path,tag,split\na.png,x,test\nb.png,y,train\n");
    put_text(folder, "cat/b.png", png);
    put_text(folder, "dog/c.png", png);
    put_text(folder, "dog/none", "text");
    sweep_allocations(load_all, folder, false);
    end();
}
END_TEST

int main(void) {
    const unit_test tests[] = {{test_folder, 0}, {test_bad_folders, 0}, {test_csv, 0}, {test_raw, 0}, {test_sharing, 0},
        {test_memory_runs_out, 0}};
    return RUN_UNIT_TESTS("data set", tests);
}
