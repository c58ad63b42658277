/* Projects on disk. SPDX-License-Identifier: MIT
 *
 * FOLDER/project.db          SQLite, in write-ahead mode: project, tags, pictures, regions, metadata
 * FOLDER/files/ab/...        each picture's and each model's file, named by the SHA-256 of its bytes (see contents.h)
 *
 * What a function does is stated in ocellus.h at the function of the same name. */
#ifndef OC_STORE_STORE_H
#define OC_STORE_STORE_H

#include "picture.h"
#include "progress.h"

#define OC__BUSY_MS 10000

typedef struct oc__contents_item {
    char hash[65], ending[8];
} oc__contents_item;

typedef struct oc__contents_list {
    oc__contents_item *items;
    size_t n, capacity;
} oc__contents_list;

struct oc_project {
    oc_context *context;
    char *folder;
    char *file; /* the database's path */
    struct sqlite3 *db;

    /* The change under way. */
    int depth;       /* how many are nested; 0: none */
    int user_depth;  /* of those, begun by oc_project_begin */
    int64_t changes; /* rows changed before it */
    oc__contents_list fresh, dropped;
    bool unsynced[256]; /* folders below "files" that got some */

    char *info[6]; /* what oc__project_info gave out last */
};

oc_status oc__project_create(oc_project **out, oc_context *context, const char *path, const oc_project_info *info,
                             oc_error *err);
oc_status oc__project_open(oc_project **out, oc_context *context, const char *path, oc_error *err);
void oc__project_free(oc_project *project);
oc_status oc__project_info(oc_project_info *info, oc_project *project, oc_error *err);
oc_status oc__project_update(oc_project *project, const oc_project_info *info, oc_error *err);
oc_status oc__project_begin(oc_project *project, oc_error *err);
oc_status oc__project_end(oc_project *project, bool keep, oc_error *err);

/* Between the two all is read as it was at one moment. */
oc_status oc__snapshot_begin(oc_project *project, bool *began, oc_error *err);
void oc__snapshot_end(oc_project *project, bool began);

/* OC_PROJECT_... */
oc_status oc__project_kind(uint32_t *out, oc_project *project, oc_error *err);

/* The project's domain as one of that kind of project; the general one, with a warning, if it is none. */
oc_status oc__project_domain(oc_domain *out, oc_project *project, uint32_t kind, oc_error *err);

/* The strings of a list. */
typedef struct oc__strings {
    oc_context *context;
    struct oc__block *last;
} oc__strings;

/* A copy that lives until oc__strings_free; NULL if there is no memory. */
const char *oc__strings_add(oc__strings *strings, const char *text);
void oc__strings_free(oc__strings *strings);

struct oc_problem_list {
    oc__strings strings;
    oc_problem *items;
    size_t n, capacity;
};

struct oc_tag_list {
    oc__strings strings;
    oc_tag *items;
    size_t n, capacity;
};

struct oc_region_list {
    oc__strings strings;
    oc_region *items;
    size_t n, capacity;
};

struct oc_version_list {
    oc__strings strings;
    oc_version_entry *items;
    size_t n, capacity;
};

struct oc_iteration_list {
    oc__strings strings;
    oc_iteration *items;
    size_t n, capacity;
};

typedef struct oc__predicted {
    oc_stored_prediction info;
    size_t first_answer;
} oc__predicted;

struct oc_prediction_list {
    oc__strings strings;
    oc__predicted *items;
    size_t n, capacity;
    oc_answer *answers;
    size_t n_answers, answer_capacity;
};

/* What a list's pictures have, one run of items each. */
typedef struct oc__listed {
    oc_picture_info info;
    size_t first_tag, first_pair, first_box, n_boxes;
} oc__listed;

typedef struct oc__pair {
    const char *key, *value;
} oc__pair;

struct oc_picture_list {
    oc__strings strings;
    oc__listed *items;
    size_t n, capacity;
    const char **tags;
    size_t n_tags, tag_capacity;
    oc__pair *pairs;
    size_t n_pairs, pair_capacity;
    const char **box_tags; /* boxes only where pictures are listed to learn from: oc__version_pictures, oc__labelled_pictures */
    float (*boxes)[4];     /* left, top, width, height */
    size_t n_boxes, box_tag_capacity, box_capacity;
};

oc_status oc__project_verify(oc_problem_list **out, oc_project *project, uint32_t flags, oc__progress *progress, oc_error *err);
void oc__problem_list_free(oc_problem_list *list);

oc_status oc__project_backup(oc_project *project, const char *path, oc__progress *progress, oc_error *err);
oc_status oc__project_restore(oc_project **out, oc_context *context, const char *backup, const char *path,
                              oc__progress *progress, oc_error *err);

oc_status oc__project_add_tag(char *id, oc_project *project, const oc_tag *tag, oc_error *err);
oc_status oc__project_update_tag(oc_project *project, const char *tag, const oc_tag *change, oc_error *err);
oc_status oc__project_merge_tags(oc_project *project, const char *from, const char *into, oc_error *err);
oc_status oc__project_delete_tag(oc_project *project, const char *tag, oc_error *err);
oc_status oc__project_tags(oc_tag_list **out, oc_project *project, oc_error *err);
void oc__tag_list_free(oc_tag_list *list);

/* A tag by its identifier or its name. OC_E_NOT_FOUND. `type` may be NULL. */
oc_status oc__project_find_tag(int64_t *seq, uint32_t *type, oc_project *project, const char *tag, oc_error *err);

/* The same, and makes a regular one of that name if there is none. Inside a change. */
oc_status oc__project_make_tag(int64_t *seq, oc_project *project, const char *tag, oc_error *err);

/* OC_E_DATA if the tags of a picture cannot be together. Inside a change, after it was made. */
oc_status oc__project_check_labels(oc_project *project, int64_t picture, oc_error *err);

/* A picture by its identifier, its hash or the beginning of one of them. OC_E_NOT_FOUND. */
oc_status oc__project_find_picture(int64_t *seq, oc_project *project, const char *picture, oc_error *err);

oc_status oc__project_add_picture(oc_addition *addition, oc_project *project, const oc_image *image, const oc_labels *labels,
                                  oc_error *err);
oc_status oc__project_add_folder(oc_folder_summary *summary, oc_project *project, const char *path, const oc_labels *labels,
                                 oc__progress *progress, oc_error *err);
oc_status oc__project_replace_picture(oc_project *project, const char *picture, const oc_image *image, oc_error *err);
oc_status oc__project_delete_pictures(oc_project *project, const char *const *pictures, size_t n, oc_error *err);
oc_status oc__project_label_pictures(oc_project *project, const char *const *pictures, size_t n, const char *tag, uint32_t how,
                                     oc_error *err);
oc_status oc__project_set_metadata(oc_project *project, const char *const *pictures, size_t n, const char *key,
                                   const char *value, oc_error *err);
oc_status oc__project_set_split(oc_project *project, const char *const *pictures, size_t n, const char *split, oc_error *err);

oc_status oc__project_pictures(oc_picture_list **out, oc_project *project, const oc_picture_filter *filter, oc_error *err);
oc_status oc__project_picture(oc_picture_list **out, oc_project *project, const char *picture, oc_error *err);
oc_status oc__project_count_pictures(uint64_t *n, oc_project *project, const oc_picture_filter *filter, oc_error *err);
void oc__picture_list_free(oc_picture_list *list);

/* The numbers of all pictures that the filter lets through, rising, whatever its order, offset and limit. The caller frees
 * *out. */
oc_status oc__project_select(int64_t **out, size_t *n, oc_project *project, const oc_picture_filter *filter, oc_error *err);
oc_status oc__project_thumbnail(oc__bitmap *out, oc_project *project, const char *picture, uint32_t side, oc_error *err);

oc_status oc__project_add_regions(oc_region_list **out, oc_project *project, const oc_region *regions, size_t n, uint32_t flags,
                                  oc_error *err);
oc_status oc__project_update_regions(oc_project *project, const oc_region *changes, size_t n, uint32_t flags, oc_error *err);
oc_status oc__project_delete_regions(oc_project *project, const char *const *ids, size_t n, oc_error *err);
oc_status oc__project_regions(oc_region_list **out, oc_project *project, const char *const *pictures, size_t n, uint32_t flags,
                              oc_error *err);
void oc__region_list_free(oc_region_list *list);

/* The data version that says just what the project's pictures with a tag are now, made if there is none. Inside a change. */
oc_status oc__version_make(int64_t *seq, oc_project *project, oc_error *err);

/* Removes it, if it has no name and no iteration was trained on it. Inside a change. */
oc_status oc__version_release(oc_project *project, int64_t seq, oc_error *err);

/* Its pictures, in the order of their tags: of each its path, name, split, tags and boxes. */
oc_status oc__version_pictures(oc_picture_list **out, oc_project *project, int64_t seq, oc_error *err);

/* The same of what a version made now would hold. */
oc_status oc__labelled_pictures(oc_picture_list **out, oc_project *project, oc_error *err);

/* By its name or its identifier. OC_E_NOT_FOUND. */
oc_status oc__project_find_version(int64_t *seq, oc_project *project, const char *version, oc_error *err);
oc_status oc__project_add_version(oc_project *project, const char *name, oc_error *err);
oc_status oc__project_delete_version(oc_project *project, const char *version, oc_error *err);
oc_status oc__project_versions(oc_version_list **out, oc_project *project, oc_error *err);
void oc__version_list_free(oc_version_list *list);

/* An iteration to be added. */
typedef struct oc__new_iteration {
    const char *name; /* NULL: "Iteration N" */
    int64_t version;
    const char *settings; /* JSON */
    const char *log;
    double seconds;
    const void *model; /* the model file's bytes */
    size_t n_bytes;
    uint32_t method;
    size_t n_measured;
    double accuracy, precision, recall, average_precision;
} oc__new_iteration;

oc_status oc__project_add_iteration(int64_t *seq, oc_project *project, const oc__new_iteration *iteration, oc_error *err);

/* The newest iteration that was trained on the version with these settings; -1 if there is none. */
oc_status oc__project_same_iteration(int64_t *seq, oc_project *project, int64_t version, const char *settings, oc_error *err);

/* One by what it is published as, its name or its identifier; NULL: the chosen one, or else the newest. OC_E_NOT_FOUND. */
oc_status oc__project_find_iteration(int64_t *seq, oc_project *project, const char *iteration, oc_error *err);

/* The version that it was trained on. */
oc_status oc__project_iteration_version(int64_t *version, oc_project *project, const char *iteration, oc_error *err);

/* All, or with `seq` >= 0 one. */
oc_status oc__project_iterations(oc_iteration_list **out, oc_project *project, int64_t seq, oc_error *err);
void oc__iteration_list_free(oc_iteration_list *list);
oc_status oc__project_choose_iteration(oc_project *project, const char *iteration, oc_error *err);
oc_status oc__project_publish_iteration(oc_project *project, const char *iteration, const char *name, oc_error *err);
oc_status oc__project_delete_iteration(oc_project *project, const char *iteration, oc_error *err);

/* Whether a text has the form of a moment or of its beginning. */
bool oc__is_moment(const char *text);

/* Removes stored predictions that are older than the project keeps them. */
oc_status oc__predictions_expire(oc_project *project, oc_error *err);

/* `answers` are the most probable first; `id` is cleared by the caller. */
oc_status oc__project_store_prediction(char id[OC_ID_SIZE], oc_project *project, const char *iteration, const oc_image *image,
                                       const oc_answer *answers, size_t n, const char *application, oc_error *err);
oc_status oc__project_predictions(oc_prediction_list **out, oc_project *project, const oc_prediction_filter *filter,
                                  oc_error *err);
oc_status oc__project_count_predictions(uint64_t *n, oc_project *project, const oc_prediction_filter *filter, oc_error *err);
void oc__prediction_list_free(oc_prediction_list *list);
oc_status oc__project_delete_predictions(oc_project *project, const char *const *ids, size_t n, oc_error *err);
oc_status oc__project_promote_predictions(oc_project *project, const char *const *ids, size_t n, const oc_labels *labels,
                                          oc_error *err);

#endif
