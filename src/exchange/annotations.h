/* Annotations of pictures in memory, whatever file they came from. SPDX-License-Identifier: MIT
 *
 * A reader fills a set between oc__annotations_create and oc__annotations_finish; a writer walks over a finished one. What only
 * one format knows of a tag, a picture or a mark is kept as opaque text under that format's family: the JSON object {"FAMILY":
 * ...}, which the format's writer gives back and every other writer passes over. */
#ifndef OC_EXCHANGE_ANNOTATIONS_H
#define OC_EXCHANGE_ANNOTATIONS_H

#include "arena.h"
#include "notes.h"

#define OC__MAX_KNOWN_TAGS 10000 /* as many as a project has */
#define OC__MAX_PICTURES (1u << 24)
#define OC__MAX_MARKS (1u << 28)
#define OC__MAX_PATH_BYTES 1024          /* of a picture's name */
#define OC__MAX_PART_BYTES 200           /* between its slashes, so that endings and numbers can follow */
#define OC__MAX_OBJECT_BYTES (16u << 20) /* what a file may say of one picture or mark */

/* What a format can hold. Names of pictures they all can. */
#define OC__HOLDS_BOXES 1u
#define OC__HOLDS_TAGS 2u  /* tags of a whole picture */
#define OC__HOLDS_SPLIT 4u /* under any name */
#define OC__HOLDS_SIZE 8u  /* width and height in pixels */
#define OC__HOLDS_METADATA 16u
#define OC__HOLDS_DETAILS 32u  /* a tag's kind, colour and description */
#define OC__HOLDS_COLOUR 64u   /* its colour alone */
#define OC__HOLDS_UNUSED 128u  /* tags that no picture bears */
#define OC__HOLDS_BARE 256u    /* pictures without any mark */
#define OC__HOLDS_OTHERS 512u  /* its own opaque parts */
#define OC__HOLDS_SPLITS 2048u /* those that are called "train", "test" or the like */
#define OC__HOLDS_PIXELS 1024u /* boxes are in pixels, so sizes must be known */

typedef struct oc__known_tag {
    const char *name, *description, *colour; /* "" if none; a colour is "#rrggbb" */
    const char *extra;                       /* opaque, or NULL */
    uint32_t type;                           /* OC_TAG_... */
} oc__known_tag;

typedef struct oc__known_picture {
    const char *path;       /* with '/', never absolute and never upwards */
    const char *file;       /* where it lies; NULL: not there */
    const char *uri;        /* where its bytes can be had instead, or NULL */
    const char *split;      /* "" if none */
    const char *source;     /* what notes call the place that speaks of it: "labels/a.txt" */
    const char *extra;      /* opaque, or NULL */
    uint32_t width, height; /* 0: not known */
    size_t first_pair;
    uint32_t n_pairs;
    size_t first_mark, n_marks; /* once finished */
} oc__known_picture;

typedef struct oc__metadata_pair {
    const char *key, *value;
} oc__metadata_pair;

#define OC__MARK_TAG 0 /* the picture as a whole bears the tag */
#define OC__MARK_BOX 1
#define OC__MARK_OTHER 2 /* a polygon, mask, rotated box, ...: all that is known of it is opaque */

#define OC__NO_TAG UINT32_MAX

typedef struct oc__mark {
    double box[4];     /* left, top, width, height, as the file has them */
    const char *extra; /* opaque, or NULL */
    uint32_t picture;
    uint32_t tag;   /* OC__NO_TAG only for others */
    uint32_t place; /* the line or object of the source, counted as notes count it */
    uint8_t kind;
    bool in_pixels; /* the box: pixels, not fractions */
} oc__mark;

/* Names and their numbers. Zero-initialise. */
typedef struct oc__names {
    struct oc__name_slot *slots;
    size_t n, n_slots;
    uint64_t seed;
} oc__names;

/* Names that are given out, each once. Set `text.context`. */
typedef struct oc__given {
    oc__names names, counts; /* counts: of a name that was wanted again, the last number behind it */
    oc__arena text;
} oc__given;

typedef struct oc__annotations {
    oc_context *context;
    oc_exchange *report; /* the caller's */
    const char *extra;   /* what only that format knows of the whole; opaque, or NULL */
    const char *folder;  /* where the pictures' paths begin; "" for the working folder */
    oc__known_tag *tags;
    oc__known_picture *pictures;
    oc__metadata_pair *pairs;
    oc__mark *marks;
    size_t n_tags, n_pictures, n_pairs, n_marks;
    size_t tag_capacity, picture_capacity, pair_capacity, mark_capacity;
    oc__names tag_names, paths, far_names;
    oc__given given;   /* paths that oc__annotations_new_picture made */
    oc__arena text;    /* where the strings lie */
    const char *place; /* what a mark's place is called in notes: "line", "object" */
} oc__annotations;

oc_status oc__annotations_create(oc__annotations **out, oc_context *context, oc_exchange *report, const char *folder,
                                 oc_error *err);
void oc__annotations_free(oc__annotations *set);

/* A copy of `size` bytes with a NUL behind, which lives as long as the set. NULL if there is no memory. */
const char *oc__annotations_text(oc__annotations *set, const char *text, size_t size, oc_error *err);

/* The same for NUL-terminated text. Leaves *out as it is if `text` is NULL. */
oc_status oc__annotations_keep(const char **out, oc__annotations *set, const char *text, oc_error *err);

/* The tag of that name, made if it is new; OC__NO_TAG, with a note that names the place, if it cannot be a tag's name or there
 * are too many. */
oc_status oc__annotations_tag(uint32_t *out, oc__annotations *set, const char *name, const char *place, oc_error *err);

/* The picture that a file calls so, made if it is new; only a new one takes `source`, what notes are to call the place.
 * Backslashes become '/', "./" goes. Of a name that is absolute, leads upwards or is a URL, the last part is taken; if another
 * picture has it already, or it cannot be a name, that is noted and *out is UINT32_MAX. */
oc_status oc__annotations_picture(uint32_t *out, bool *is_new, oc__annotations *set, const char *name, const char *source,
                                  oc_error *err);

/* A new picture called so, or almost so if another one is. `ending` (".jpg") is put behind a name that does not have it or,
 * with other letters, another one of a picture's. */
oc_status oc__annotations_new_picture(uint32_t *out, oc__annotations *set, const char *name, const char *ending, oc_error *err);

/* Adds a metadata pair to the newest picture, or notes that it is not UTF-8. */
oc_status oc__annotations_pair(oc__annotations *set, const char *key, const char *value, oc_error *err);

/* Adds a mark. Whether its box is one is seen to by oc__annotations_finish. One of tag OC__NO_TAG that needs one is passed
 * over: it was noted. */
oc_status oc__annotations_add(oc__annotations *set, const oc__mark *mark, oc_error *err);

/* Looks for the pictures' files; finds the sizes of those that have boxes in pixels and no size; checks the boxes, leaves out
 * those that are none and clips those that stand over the edge, with notes; leaves out a tag that a picture has already; groups
 * the marks by picture. */
oc_status oc__annotations_finish(oc__annotations *set, oc_error *err);

/* Takes the picture's size from its file, if it is not known. It may stay unknown. */
oc_status oc__annotations_find_size(oc__annotations *set, oc__known_picture *picture, oc_error *err);

/* A mark's box in fractions or in pixels. For a change from one to the other the size must be known. */
void oc__mark_fractions(double out[4], const oc__annotations *set, const oc__mark *mark);
void oc__mark_pixels(double out[4], const oc__annotations *set, const oc__mark *mark);

/* The same in pixels: left, top, right, bottom. */
void oc__mark_corners(double out[4], const oc__annotations *set, const oc__mark *mark);

/* A number with up to four digits behind the point if it is one but for rounding: 12, not 12.000000000000002. */
double oc__snap(double exact, double side);

/* Decodes %20 and the like in place, if all of the text stays without NULs. */
void oc__percent_decode(char *text);

/* Whether a name ends as a file of the endings does: ".jpg", in letters of either case. */
bool oc__ends_in(const char *name, const char *ending);
bool oc__is_picture_name(const char *name);

/* The number of a name (NUL-terminated), or false. Names are not copied. */
bool oc__names_find(uint32_t *out, const oc__names *names, const char *name);
oc_status oc__names_add(oc__names *names, const char *name, uint32_t number, oc_context *context, oc_error *err);

/* *out is "stem" (`size` bytes) and "ending", or "stem-2" and so on if that was given already. It lives as long as `given`. */
oc_status oc__given_add(const char **out, oc__given *given, const char *stem, size_t size, const char *ending, oc_error *err);
void oc__given_free(oc__given *given);
void oc__names_free(oc__names *names, oc_context *context);

#endif
