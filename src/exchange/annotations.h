/* Annotations of pictures in memory, whatever file they came from. SPDX-License-Identifier: MIT
 *
 * A reader fills a set between oc__annotations_create and oc__annotations_finish; a writer walks over a finished one. What only
 * one format knows of a tag, a picture or a mark is kept as opaque text under that format's name: the JSON object
 * {"FORMAT": ...}, which the format's writer gives back and every other writer passes over. */
#ifndef OC_EXCHANGE_ANNOTATIONS_H
#define OC_EXCHANGE_ANNOTATIONS_H

#include "model.h"

#define OC__MAX_PICTURES (1u << 24)
#define OC__MAX_MARKS (1u << 28)
#define OC__MAX_PAIRS 50           /* metadata of one picture, as in the service */
#define OC__MAX_PATH_BYTES 4096    /* of a picture's name */
#define OC__MAX_OBJECT_BYTES (16u << 20) /* what a file may say of one picture or mark */
#define OC__MAX_NOTES 1000         /* more are only counted */

/* What a format can hold. Boxes and names of pictures they all can. */
#define OC__HOLDS_TAGS 1u      /* tags of a whole picture */
#define OC__HOLDS_SPLIT 2u     /* train, test, ... */
#define OC__HOLDS_SIZE 4u      /* width and height in pixels */
#define OC__HOLDS_METADATA 8u
#define OC__HOLDS_DETAILS 16u  /* a tag's kind, colour and description */
#define OC__HOLDS_UNUSED 32u   /* tags that no picture bears */
#define OC__HOLDS_BARE 64u     /* pictures without any mark */
#define OC__HOLDS_OTHERS 128u  /* its own opaque parts */
#define OC__HOLDS_PIXELS 256u  /* boxes are in pixels, so sizes must be known */

#define OC__TAG_REGULAR 0
#define OC__TAG_NEGATIVE 1
#define OC__TAG_PRODUCT 2

typedef struct oc__known_tag {
    const char *name, *description, *colour; /* "" if none; a colour is "#rrggbb" */
    const char *extra;                       /* opaque, or NULL */
    int64_t id;                              /* its number in the file, or -1 */
    uint32_t kind;
} oc__known_tag;

typedef struct oc__known_picture {
    const char *path;   /* below the set's folder, with '/', never absolute and never upwards */
    const char *split;  /* "" if none */
    const char *source; /* what notes call the place that speaks of it: "labels/a.txt" */
    const char *extra;  /* opaque, or NULL */
    int64_t id;
    uint32_t width, height; /* 0: not known */
    size_t first_pair;
    uint32_t n_pairs;
    size_t first_mark, n_marks; /* once finished */
} oc__known_picture;

typedef struct oc__metadata_pair {
    const char *key, *value;
} oc__metadata_pair;

#define OC__MARK_TAG 0   /* the picture as a whole bears the tag */
#define OC__MARK_BOX 1
#define OC__MARK_OTHER 2 /* a polygon, mask, rotated box, ...: all that is known of it is opaque */

#define OC__NO_TAG UINT32_MAX

typedef struct oc__mark {
    double box[4];     /* left, top, width, height, as the file has them */
    const char *extra; /* opaque, or NULL */
    int64_t id;
    uint32_t picture;
    uint32_t tag; /* OC__NO_TAG only for others */
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

struct oc_annotations {
    oc_context *context;
    const char *format; /* static */
    const char *extra;  /* what only that format knows of the whole; opaque, or NULL */
    char *folder;       /* where the pictures' paths begin; "" for the working folder */
    oc__known_tag *tags;
    oc__known_picture *pictures;
    oc__metadata_pair *pairs;
    oc__mark *marks;
    char **notes;
    size_t n_tags, n_pictures, n_pairs, n_marks, n_notes;
    size_t tag_capacity, picture_capacity, pair_capacity, mark_capacity, note_capacity;
    size_t n_notes_untold; /* beyond OC__MAX_NOTES */
    size_t n_skipped;      /* pictures and marks left out */
    size_t n_clipped;      /* boxes cut at the picture's edge */
    oc__names tag_names, paths;
    struct oc__text_block *text; /* where the strings lie */
    const char *place;           /* what a mark's place is called in notes: "line", "object" */
};

oc_status oc__annotations_create(oc_annotations **out, oc_context *context, const char *folder, oc_error *err);
void oc__annotations_free(oc_annotations *set);

/* A copy of `size` bytes with a NUL behind, which lives as long as the set. NULL if there is no memory. */
const char *oc__annotations_text(oc_annotations *set, const char *text, size_t size, oc_error *err);

/* Remembers what was left out or changed. The message follows printf and should name the place. Returns OC_OK or OC_E_NOMEM. */
oc_status oc__annotations_note(oc_annotations *set, oc_error *err, const char *format, ...) OC__PRINTF(3, 4);

/* The same for a picture or mark that is left out, which it counts. */
oc_status oc__annotations_skip(oc_annotations *set, oc_error *err, const char *format, ...) OC__PRINTF(3, 4);

/* The tag of that name, made if it is new. OC_E_CORRUPT if it cannot be a tag's name (`place` is named), OC_E_LIMIT. */
oc_status oc__annotations_tag(uint32_t *out, oc_annotations *set, const char *name, const char *place, oc_error *err);

/* The picture of that path, made if it is new. A path that is no UTF-8, absolute or leads upwards is noted and gives UINT32_MAX.
 * Backslashes become '/', "./" goes. Only a new one takes `source`. */
oc_status oc__annotations_picture(uint32_t *out, bool *is_new, oc_annotations *set, const char *path, const char *source,
                                  oc_error *err);

/* Adds a metadata pair to the newest picture. */
oc_status oc__annotations_pair(oc_annotations *set, const char *key, const char *value, oc_error *err);

/* Adds a mark. Whether its box is one is seen to by oc__annotations_finish. */
oc_status oc__annotations_add(oc_annotations *set, const oc__mark *mark, oc_error *err);

/* Finds the sizes of pictures that have boxes in pixels and no size; checks the boxes, leaves out those that are none (with a note)
 * and clips those that stand over the edge (with a note, if by more than a rounding); leaves out a mark that says again what
 * another said; groups the marks by picture. */
oc_status oc__annotations_finish(oc_annotations *set, oc_error *err);

/* Notes pictures that are not in the folder. */
oc_status oc__annotations_look_for_pictures(oc_annotations *set, oc_error *err);

/* Takes the picture's size from its file, if it is not known. It may stay unknown. */
oc_status oc__annotations_find_size(oc_annotations *set, oc__known_picture *picture, oc_error *err);

/* A mark's box in fractions or in pixels. For pixels the size must be known. */
void oc__mark_fractions(double out[4], const oc_annotations *set, const oc__mark *mark);
void oc__mark_pixels(double out[4], const oc_annotations *set, const oc__mark *mark);

/* The number of a name (NUL-terminated), or false. Names are not copied. */
bool oc__names_find(uint32_t *out, const oc__names *names, const char *name);
oc_status oc__names_add(oc__names *names, const char *name, uint32_t number, oc_context *context, oc_error *err);
void oc__names_free(oc__names *names, oc_context *context);

#endif
