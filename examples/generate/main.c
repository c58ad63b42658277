/* SPDX-License-Identifier: MIT
 *
 * generate-pictures: pictures of machine parts whose truth is known. See the help below. */
#define _POSIX_C_SOURCE 200809L

#include "encode.h"
#include "formats.h"
#include "scene.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_COUNT 99999

static const char help[] =
    "usage: generate-pictures OUT_DIR [--classes LIST] [--per-class N] [--kind parts|damage]\n"
    "                         [--damaged SHARE] [--split train=SHARE] [common options]\n"
    "   or: generate-pictures OUT_DIR --detection [--classes LIST] [--count N] [--damaged SHARE]\n"
    "                         [--split train=SHARE] [common options]\n"
    "   or: generate-pictures OUT_DIR --formats [common options]\n"
    "\n"
    "Renders photograph-like pictures of machine parts, to have something to train on and to test with.\n"
    "The same arguments give the same pictures.\n"
    "\n"
    "What to write\n"
    "    (nothing)             one part a picture: OUT_DIR/train/TAG/0001.jpg, OUT_DIR/test/TAG/...,\n"
    "                          and OUT_DIR/labels.csv with path,tag,split\n"
    "    --detection           several parts a picture: OUT_DIR/images/00001.jpg, and OUT_DIR/labels.csv with\n"
    "                          path,tag,split,left,top,width,height (fractions of the picture), a line a part\n"
    "    --formats             one scene in every variant of JPEG, PNG, BMP and GIF, with EXIF orientations;\n"
    "                          what a reader must see (.ppm); and manifest.csv, which joins the two\n"
    "\n"
    "Options\n"
    "    --classes LIST        of washer,nut,gear,screw,spring,bracket (default: washer,nut,gear,screw)\n"
    "    --kind parts          the tags are the classes (default)\n"
    "    --kind damage         the tags are good and damaged; the classes take turns\n"
    "    --per-class N         pictures of each tag, 1 to 99999 (default: 40)\n"
    "    --count N             pictures with --detection, 1 to 99999 (default: 40)\n"
    "    --damaged SHARE       of the parts that are damaged where damage is no tag, 0 to 1 (default: 0.15)\n"
    "    --split train=SHARE   of the pictures that are for training, 0 to 1 (default: train=0.75)\n"
    "\n"
    "Common options\n"
    "    --seed S              a number; another one gives other pictures (default: 1)\n"
    "    --size WxH            in pixels, 16 to 4096 a side (default: 256x256, with --formats 149x101)\n"
    "    --overwrite           write into OUT_DIR even if it is not empty; files of the same name are replaced\n"
    "    -q, --quiet           do not say what was written\n"
    "    -h, --help            print this and stop\n"
    "\n"
    "Exit status: 0 done, 1 could not write, 2 the arguments make no sense.\n";

typedef enum mode { MODE_TAGS, MODE_DAMAGE, MODE_DETECTION, MODE_FORMATS } mode;

typedef struct settings {
    const char *directory;
    mode mode;
    part_kind classes[N_PART_KINDS];
    int n_classes;
    int count;
    uint64_t seed;
    int width, height;
    double damaged, train;
    int overwrite, quiet;
} settings;

__attribute__((format(printf, 1, 2), noreturn)) static void misused(const char *format, ...);

static void misused(const char *format, ...) {
    va_list list;
    va_start(list, format);
    fputs("generate-pictures: ", stderr);
    vfprintf(stderr, format, list);
    fputs("\nTry 'generate-pictures --help'.\n", stderr);
    va_end(list);
    exit(2);
}

static uint64_t read_number(const char *option, const char *text, uint64_t low, uint64_t high) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text == '-' || value < low || value > high) {
        misused("%s %s: a number from %llu to %llu is needed", option, text, (unsigned long long)low, (unsigned long long)high);
    }
    return value;
}

static double read_share(const char *option, const char *text) {
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= 0 && value <= 1)) {
        misused("%s %s: a share from 0 to 1 is needed", option, text);
    }
    return value;
}

static void read_size(settings *s, const char *text) {
    char extra;
    if (sscanf(text, "%5dx%5d%c", &s->width, &s->height, &extra) != 2 || s->width < 16 || s->height < 16 ||
        s->width > MAX_SIDE || s->height > MAX_SIDE) {
        misused("--size %s: a size such as 320x240 is needed, 16 to 4096 a side", text);
    }
}

static void read_classes(settings *s, const char *text) {
    s->n_classes = 0;
    for (const char *at = text;;) {
        size_t size = strcspn(at, ",");
        int found = -1;
        for (int i = 0; i < N_PART_KINDS; i++) {
            if (strlen(part_names[i]) == size && memcmp(part_names[i], at, size) == 0) {
                found = i;
            }
        }
        if (found < 0) {
            misused("--classes: there is no '%.*s'; there are washer, nut, gear, screw, spring, bracket", (int)size, at);
        }
        for (int i = 0; i < s->n_classes; i++) {
            if (s->classes[i] == (part_kind)found) {
                misused("--classes: '%s' is named twice", part_names[found]);
            }
        }
        s->classes[s->n_classes++] = (part_kind)found;
        if (at[size] == '\0') {
            return;
        }
        at += size + 1;
    }
}

static void read_kind(settings *s, const char *value) {
    if (strcmp(value, "parts") != 0 && strcmp(value, "damage") != 0) {
        misused("--kind %s: it is parts or damage", value);
    }
    s->mode = strcmp(value, "damage") == 0 ? MODE_DAMAGE : MODE_TAGS;
}

static void read_arguments(settings *s, int n, char **arguments) {
    enum { CLASSES, KIND, PER_CLASS, COUNT, DAMAGED, SPLIT, SEED, SIZE, N_OPTIONS };
    static const char *const names[N_OPTIONS] = {"--classes", "--kind",  "--per-class", "--count",
                                                 "--damaged", "--split", "--seed",      "--size"};
    int given[N_OPTIONS] = {0}, detection = 0, formats = 0;
    for (int i = 1; i < n; i++) {
        const char *a = arguments[i];
        if (strcmp(a, "-h") == 0 || strcmp(a, "--help") == 0) {
            fputs(help, stdout);
            exit(0);
        } else if (strcmp(a, "--detection") == 0) {
            detection = 1;
        } else if (strcmp(a, "--formats") == 0) {
            formats = 1;
        } else if (strcmp(a, "--overwrite") == 0) {
            s->overwrite = 1;
        } else if (strcmp(a, "-q") == 0 || strcmp(a, "--quiet") == 0) {
            s->quiet = 1;
        } else if (a[0] != '-') {
            if (s->directory) {
                misused("one directory is enough: '%s' or '%s'?", s->directory, a);
            }
            s->directory = a;
        } else {
            size_t size = strcspn(a, "=");
            int option = 0;
            while (option < N_OPTIONS && (strlen(names[option]) != size || memcmp(names[option], a, size) != 0)) {
                option++;
            }
            if (option == N_OPTIONS) {
                misused("there is no option '%.*s'", (int)size, a);
            }
            const char *value = a[size] ? a + size + 1 : i + 1 < n ? arguments[++i] : NULL;
            if (!value) {
                misused("%s needs a value", a);
            }
            given[option] = 1;
            switch (option) {
            case CLASSES:
                read_classes(s, value);
                break;
            case KIND:
                read_kind(s, value);
                break;
            case PER_CLASS:
            case COUNT:
                s->count = (int)read_number(names[option], value, 1, MAX_COUNT);
                break;
            case DAMAGED:
                s->damaged = read_share(names[option], value);
                break;
            case SPLIT:
                if (strncmp(value, "train=", 6) != 0) {
                    misused("--split %s: it is written train=0.75", value);
                }
                s->train = read_share(names[option], value + 6);
                break;
            case SEED:
                s->seed = read_number(names[option], value, 0, UINT64_MAX);
                break;
            default:
                read_size(s, value);
                break;
            }
        }
    }
    if (!s->directory || !*s->directory) {
        misused("a directory to write to is needed");
    }
    if (detection && formats) {
        misused("--detection and --formats exclude each other");
    }
    for (int option = CLASSES; option <= SPLIT; option++) {
        int fits = formats ? 0 : detection ? option != KIND && option != PER_CLASS : option != COUNT;
        if (option == DAMAGED && s->mode == MODE_DAMAGE) {
            fits = 0;
        }
        if (given[option] && !fits) {
            misused("%s does not go with %s", names[option],
                    formats           ? "--formats"
                    : detection       ? "--detection"
                    : option == COUNT ? "tags (say --per-class, or --detection)"
                                      : "--kind damage, where damage is a tag");
        }
    }
    s->mode = formats ? MODE_FORMATS : detection ? MODE_DETECTION : s->mode;
    if (formats && !given[SIZE]) {
        s->width = 149;
        s->height = 101;
    }
}

static void make_directory(const char *path) {
    struct stat info;
    if (mkdir(path, 0777) != 0 && !(errno == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode))) {
        die("%s: cannot make this directory: %s", path, strerror(errno));
    }
}

static void refuse_full_directory(const char *path) {
    DIR *directory = opendir(path);
    if (!directory) {
        die("%s: cannot look into this directory: %s", path, strerror(errno));
    }
    for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            die("%s: this directory is not empty; --overwrite writes into it all the same", path);
        }
    }
    closedir(directory);
}

__attribute__((format(printf, 3, 4))) static void put_path(char *path, const settings *s, const char *format, ...) {
    enum { SIZE = 4096 };
    va_list list;
    int used = snprintf(path, SIZE, "%s/", s->directory);
    if (used < SIZE - 256) {
        va_start(list, format);
        vsnprintf(path + used, (size_t)(SIZE - used), format, list);
        va_end(list);
    } else {
        die("%s: the path is too long", s->directory);
    }
}

__attribute__((format(printf, 2, 3))) static void put_line(bytes *out, const char *format, ...) {
    char line[512];
    va_list list;
    va_start(list, format);
    int size = vsnprintf(line, sizeof line, format, list);
    va_end(list);
    bytes_put(out, line, (size_t)size);
}

static void write_picture(const settings *s, const scene *what, visible *shown, const char *path) {
    picture p;
    bytes b = {0};
    if (scene_render(what, s->width, s->height, &p, shown) != 0) {
        die("out of memory for a picture of %dx%d", s->width, s->height);
    }
    jpeg_options options = {
        .quality = what->camera.quality, .across = what->camera.chroma, .down = what->camera.chroma, .orientation = -1};
    encode_jpeg(&b, p.rgb, p.width, p.height, &options);
    bytes_write(&b, path);
    bytes_free(&b);
    free(p.rgb);
}

/* How many of n are for training; each side gets at least one where there are two. */
static int train_count(const settings *s, int n) {
    int train = (int)(s->train * n + 0.5);
    if (n >= 2 && s->train > 0 && s->train < 1) {
        train = train < 1 ? 1 : train == n ? n - 1 : train;
    }
    return train;
}

static void write_one_part(const settings *s, const char *tag, int number, const char *path) {
    rng r = rng_for(s->seed, tag, (uint64_t)number);
    scene what;
    scene_begin(&what, &r, 0);
    part_kind kind = s->classes[number % s->n_classes];
    int damaged = strcmp(tag, "damaged") == 0;
    if (s->mode == MODE_TAGS) {
        for (int i = 0; i < s->n_classes; i++) {
            kind = strcmp(part_names[s->classes[i]], tag) == 0 ? s->classes[i] : kind;
        }
        damaged = rng_chance(&r, (float)s->damaged);
    }
    float size = s->mode == MODE_DAMAGE ? rng_range(&r, 0.5f, 0.85f) : rng_range(&r, 0.35f, 0.82f);
    float room = 0.9f - size > 0 ? 0.9f - size : 0;
    float x = rng_range(&r, -room, room), y = rng_range(&r, -room, room);
    scene_add(&what, &r, kind, damaged, x, y, size, 1);
    scene_clutter(&what, &r, rng_chance(&r, 0.35f) ? 0 : 1 + rng_below(&r, 6));
    write_picture(s, &what, NULL, path);
}

static void write_tags(const settings *s) {
    const char *tags[N_PART_KINDS] = {"good", "damaged"};
    int n_tags = s->mode == MODE_DAMAGE ? 2 : s->n_classes, n_train = train_count(s, s->count);
    static const char *const splits[2] = {"train", "test"};
    char path[4096];
    bytes labels = {0};
    put_line(&labels, "path,tag,split\n");
    for (int split = 0; split < 2; split++) {
        int first = split == 0 ? 1 : n_train + 1, last = split == 0 ? n_train : s->count;
        if (first > last) {
            continue;
        }
        put_path(path, s, "%s", splits[split]);
        make_directory(path);
        for (int t = 0; t < n_tags; t++) {
            tags[t] = s->mode == MODE_DAMAGE ? tags[t] : part_names[s->classes[t]];
            put_path(path, s, "%s/%s", splits[split], tags[t]);
            make_directory(path);
            for (int i = first; i <= last; i++) {
                put_path(path, s, "%s/%s/%04d.jpg", splits[split], tags[t], i);
                write_one_part(s, tags[t], i, path);
                put_line(&labels, "%s/%s/%04d.jpg,%s,%s\n", splits[split], tags[t], i, tags[t], splits[split]);
            }
        }
    }
    put_path(path, s, "labels.csv");
    bytes_write(&labels, path);
    bytes_free(&labels);
    if (!s->quiet) {
        printf("%s: %d pictures of %d tags, %d to train and %d to test with, %dx%d\n", s->directory, n_tags * s->count, n_tags,
               n_tags * n_train, n_tags * (s->count - n_train), s->width, s->height);
    }
}

static void write_detection(const settings *s) {
    char path[4096];
    bytes labels = {0};
    int n_train = train_count(s, s->count), n_boxes = 0;
    float half = 0.5f * (float)(s->width < s->height ? s->width : s->height);
    float wide = 0.5f * (float)s->width / half, high = 0.5f * (float)s->height / half;
    put_line(&labels, "path,tag,split,left,top,width,height\n");
    put_path(path, s, "images");
    make_directory(path);
    for (int i = 1; i <= s->count; i++) {
        rng r = rng_for(s->seed, "detection", (uint64_t)i);
        scene what;
        visible shown[MAX_OBJECTS];
        scene_begin(&what, &r, 0);
        int n = 2 + rng_below(&r, 7);
        float typical = rng_range(&r, 0.2f, 0.42f);
        vec3 side = what.camera.right, up = cross(v3(0, 0, 1), side);
        up = normal(up);
        side = normal(v3(side.x, side.y, 0));
        for (int k = 0; k < n; k++) {
            part_kind kind = s->classes[rng_below(&r, s->n_classes)];
            float size = typical * rng_range(&r, 0.7f, 1.25f), spacing = rng_range(&r, 0.8f, 1.1f);
            int damaged = rng_chance(&r, (float)s->damaged);
            const object *placed = NULL;
            for (int attempt = 0; attempt < 8 && !placed; attempt++) {
                float u = rng_range(&r, -0.85f, 0.85f) * wide, v = rng_range(&r, -0.85f, 0.85f) * high;
                placed = scene_add(&what, &r, kind, damaged, u * side.x + v * up.x, u * side.y + v * up.y, size, spacing);
            }
        }
        scene_clutter(&what, &r, rng_below(&r, 7));
        put_path(path, s, "images/%05d.jpg", i);
        write_picture(s, &what, shown, path);
        for (int k = 0; k < what.n_objects; k++) {
            const visible *b = &shown[k];
            if (!what.objects[k].wanted || b->right - b->left < 4 || b->bottom - b->top < 4) {
                continue;
            }
            put_line(&labels, "images/%05d.jpg,%s,%s,%.6f,%.6f,%.6f,%.6f\n", i, part_names[what.objects[k].part.kind],
                     i <= n_train ? "train" : "test", (double)b->left / s->width, (double)b->top / s->height,
                     (double)(b->right - b->left) / s->width, (double)(b->bottom - b->top) / s->height);
            n_boxes++;
        }
    }
    put_path(path, s, "labels.csv");
    bytes_write(&labels, path);
    bytes_free(&labels);
    if (!s->quiet) {
        printf("%s: %d pictures with %d boxes, %d to train and %d to test with, %dx%d\n", s->directory, s->count, n_boxes,
               n_train, s->count - n_train, s->width, s->height);
    }
}

int main(int argc, char **argv) {
    settings s = {.classes = {PART_WASHER, PART_NUT, PART_GEAR, PART_SCREW},
                  .n_classes = 4,
                  .count = 40,
                  .seed = 1,
                  .width = 256,
                  .height = 256,
                  .damaged = 0.15,
                  .train = 0.75};
    read_arguments(&s, argc, argv);
    make_directory(s.directory);
    if (!s.overwrite) {
        refuse_full_directory(s.directory);
    }
    noise_prepare();
    if (s.mode == MODE_FORMATS) {
        int n = write_formats(s.directory, s.seed, s.width, s.height);
        if (!s.quiet) {
            printf("%s: %d files of %dx%d, see manifest.csv\n", s.directory, n, s.width, s.height);
        }
    } else if (s.mode == MODE_DETECTION) {
        write_detection(&s);
    } else {
        write_tags(&s);
    }
    return 0;
}
