/* Annotation files into a project. SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "domain.h"
#include "project_exchange.h"
#include "service.h"
#include "text.h"

#define BATCH 200 /* pictures in one change */
#define MAX_KEY 256
#define MAX_VALUE 4096
#define MAX_SPLIT 64
#define MAX_EXTRA (1u << 20)

typedef struct importer {
    oc_project *project;
    const oc__annotations *set;
    oc_exchange *report;
    oc__progress *progress;
    uint32_t kind;
    size_t n_in_change;
    bool open; /* a change is under way */

    oc__service *service; /* where pictures' bytes come from, or NULL: from files */
    uint8_t *data;        /* of the picture at hand */
    size_t size;

    /* Of the picture at hand; each has room for as many as any picture has. */
    const char **tags, **keys, **values;
    oc_region *regions;
} importer;

static oc_status leave_out(importer *in, const char *reason, const oc__known_picture *picture, const char *what,
                           oc_error *err) {
    return oc__note(in->report, OC_NOTE_LEFT_OUT, reason, err, "%s%s%s", picture->path, what[0] ? ": " : "", what);
}

static oc_status make_room(importer *in, oc_error *err) {
    const oc__annotations *set = in->set;
    oc_context *context = set->context;
    size_t n_marks = 1, n_pairs = 1;
    for (size_t i = 0; i < set->n_pictures; i++) {
        if (set->pictures[i].n_marks > n_marks) n_marks = set->pictures[i].n_marks;
        if (set->pictures[i].n_pairs > n_pairs) n_pairs = set->pictures[i].n_pairs;
    }
    in->tags = oc__alloc_array(context, n_marks, sizeof *in->tags);
    in->keys = oc__alloc_array(context, n_pairs, sizeof *in->keys);
    in->values = oc__alloc_array(context, n_pairs, sizeof *in->values);
    in->regions = oc__alloc_array(context, n_marks, sizeof *in->regions);
    if (in->tags && in->keys && in->values && in->regions) return OC_OK;
    return oc__fail_nomem(err, context, n_marks * sizeof *in->regions, "importing");
}

/* The kind of project that can hold all of a set. */
static uint32_t needed_kind(const oc__annotations *set) {
    uint32_t needed = OC_PROJECT_MULTICLASS;
    for (size_t i = 0; i < set->n_pictures; i++) {
        size_t n_tags = 0;
        for (size_t k = 0; k < set->pictures[i].n_marks; k++) {
            if (set->marks[set->pictures[i].first_mark + k].kind != OC__MARK_TAG) return OC_PROJECT_DETECTION;
            if (++n_tags > 1) needed = OC_PROJECT_MULTILABEL;
        }
    }
    return needed;
}

/* A project that is still empty becomes of the kind that is needed, and of that domain if it is given and known. */
static oc_status settle_kind(importer *in, uint32_t needed, const char *domain, oc_error *err) {
    oc_project_info info = OC_PROJECT_INFO_INIT, change = OC_PROJECT_INFO_INIT;
    oc_status status = oc__project_info(&info, in->project, err);
    in->kind = info.kind;
    if (status || info.n_tags || info.n_pictures || info.kind > OC_PROJECT_MULTILABEL || (needed <= info.kind && !domain))
        return status;
    if (needed > info.kind) in->kind = change.kind = needed;
    oc_domain known;
    if (domain && oc__domain_find(&known, domain, in->kind == OC_PROJECT_DETECTION, NULL) == OC_OK) change.domain = known.name;
    return oc__project_update(in->project, &change, err);
}

/* Failures that are the thing's own; all others end the whole. */
static bool is_own(oc_status status) {
    return status == OC_E_FORMAT || status == OC_E_CORRUPT || status == OC_E_UNSUPPORTED || status == OC_E_LIMIT ||
           status == OC_E_NOT_FOUND || status == OC_E_DATA || status == OC_E_ARGUMENT || status == OC_E_STATE;
}

static oc_status add_tag(importer *in, const oc__known_tag *known, oc_error *err) {
    oc_tag tag = OC_TAG_INIT;
    oc_error reason = OC_ERROR_INIT;
    int64_t seq;
    oc_status status = oc__project_find_tag(&seq, NULL, in->project, known->name, &reason);
    if (status && status != OC_E_NOT_FOUND) return oc__fail(err, status, "%s", reason.message);
    if (!status) return OC_OK; /* one that is there stays as it is */
    tag.name = known->name;
    tag.type = known->type;
    tag.description = known->description;
    tag.colour = known->colour;
    tag.extra = known->extra;
    status = oc__project_add_tag(NULL, in->project, &tag, &reason);
    if (!status) return OC_OK;
    if (!is_own(status)) return oc__fail(err, status, "%s", reason.message);
    tag = (oc_tag){.struct_size = sizeof tag, .name = known->name};
    status = oc__project_add_tag(NULL, in->project, &tag, err);
    if (status) return status;
    return oc__note(in->report, OC_NOTE_CHANGED, "the tag could be added by its name alone", err, "%s: %s", known->name,
                    reason.message);
}

static oc_status add_tags(importer *in, uint32_t needed, const char *domain, oc_error *err) {
    oc_status status = oc__project_begin(in->project, err);
    if (status) return status;
    status = settle_kind(in, needed, domain, err);
    for (size_t i = 0; i < in->set->n_tags && !status; i++) status = add_tag(in, &in->set->tags[i], err);
    oc_status ended = oc__project_end(in->project, !status, status ? NULL : err);
    return status ? status : ended;
}

/* The picture's tags and boxes that the project can hold; the others are noted. */
static oc_status sort_marks(importer *in, oc_labels *labels, size_t *n_regions, const oc__known_picture *picture,
                            oc_error *err) {
    bool detection = in->kind == OC_PROJECT_DETECTION;
    oc_status status = OC_OK;
    *n_regions = 0;
    for (size_t i = 0; i < picture->n_marks && !status; i++) {
        const oc__mark *mark = &in->set->marks[picture->first_mark + i];
        const char *tag = mark->tag == OC__NO_TAG ? NULL : in->set->tags[mark->tag].name;
        if (mark->kind == OC__MARK_TAG && !detection) {
            in->tags[labels->n_tags++] = tag;
        } else if (mark->kind == OC__MARK_TAG) {
            status = leave_out(in, "the project is for detection, where pictures as a whole have no tags", picture, tag, err);
        } else if (mark->kind == OC__MARK_BOX && !detection) {
            status = leave_out(in, "the project is not for detection, so pictures have no boxes", picture, tag, err);
        } else if (mark->extra && strlen(mark->extra) > MAX_EXTRA) {
            status = leave_out(in, "what is known of the region is larger than 1 MiB", picture, tag ? tag : "", err);
        } else {
            oc_region region = OC_REGION_INIT;
            double box[4] = {0, 0, 0, 0};
            if (mark->kind == OC__MARK_BOX) oc__mark_fractions(box, in->set, mark);
            region.kind = mark->kind == OC__MARK_BOX ? OC_REGION_BOX : OC_REGION_OTHER;
            region.tag = tag;
            region.left = box[0];
            region.top = box[1];
            region.width = box[2];
            region.height = box[3];
            region.extra = mark->extra;
            in->regions[(*n_regions)++] = region;
        }
    }
    return status;
}

/* The same for its metadata and what else is known of it. */
static oc_status sort_labels(importer *in, oc_labels *labels, const oc__known_picture *picture, oc_error *err) {
    oc_status status = OC_OK;
    for (uint32_t i = 0; i < picture->n_pairs && !status; i++) {
        const oc__metadata_pair *pair = &in->set->pairs[picture->first_pair + i];
        if (!oc__tag_valid(pair->key) || strlen(pair->value) > MAX_VALUE || !oc__utf8_valid(pair->value, strlen(pair->value))) {
            status = leave_out(in, "the metadata's key or value is too long or no text", picture, pair->key, err);
            continue;
        }
        in->keys[labels->n_metadata] = pair->key;
        in->values[labels->n_metadata++] = pair->value;
    }
    if (picture->split[0] && strlen(picture->split) <= MAX_SPLIT && oc__tag_valid(picture->split))
        labels->split = picture->split;
    else if (picture->split[0] && !status)
        status = leave_out(in, "the split's name is too long or no text", picture, "", err);
    if (picture->extra && strlen(picture->extra) <= MAX_EXTRA)
        labels->extra = picture->extra;
    else if (picture->extra && !status)
        status = leave_out(in, "what is known of the picture is larger than 1 MiB", picture, "", err);
    labels->tags = in->tags;
    labels->keys = in->keys;
    labels->values = in->values;
    return status;
}

static oc_status add_regions(importer *in, const char *id, size_t n, const oc__known_picture *picture, oc_error *err) {
    oc_region_list *list = NULL;
    for (size_t i = 0; i < n; i++) in->regions[i].picture = id;
    oc_status status = oc__project_add_regions(&list, in->project, in->regions, n, OC_REGIONS_CLIP | OC_REGIONS_SKIP, err);
    for (size_t i = 0; i < n && !status; i++) {
        const oc_region *region = &list->items[i];
        if (region->outcome == OC_REGION_REFUSED)
            status = leave_out(in, "the region was refused", picture, region->reason, err);
        else if (in->regions[i].kind == OC_REGION_BOX)
            in->report->summary.n_boxes++;
        else
            in->report->summary.n_others++;
    }
    oc__region_list_free(list);
    return status;
}

/* Boxes in pixels of a size that is not the picture's hold if it was only made larger or smaller, but hardly if it was turned:
 * some programs do not turn pictures upright as their EXIF data say. */
static oc_status compare_size(importer *in, const char *id, const oc__known_picture *picture, oc_error *err) {
    oc_picture_list *list = NULL;
    bool in_pixels = false;
    for (size_t i = 0; i < picture->n_marks && picture->width && picture->height; i++)
        in_pixels = in_pixels || in->set->marks[picture->first_mark + i].in_pixels;
    if (!in_pixels) return OC_OK;
    oc_status status = oc__project_picture(&list, in->project, id, err);
    if (status) return status;
    const oc_picture_info *info = &list->items[0].info;
    double said = (double)picture->width / picture->height, is = (double)info->width / info->height;
    if (fabs(said - is) > 0.05 * is)
        status = oc__note(
            in->report, OC_NOTE_CHANGED, "the picture is of another shape than the file says, so its boxes may be wrong", err,
            "%s: %ux%u, the file says %ux%u", picture->path, info->width, info->height, picture->width, picture->height);
    oc__picture_list_free(list);
    return status;
}

static oc_status add_picture(importer *in, const oc__known_picture *picture, oc_error *err) {
    oc_labels labels = OC_LABELS_INIT;
    oc_image image = OC_IMAGE_INIT;
    oc_addition addition = OC_ADDITION_INIT;
    oc_error reason = OC_ERROR_INIT;
    oc_exchange_summary *summary = &in->report->summary;
    size_t n_regions;
    if (!picture->file && !in->data) {
        summary->n_missing++;
        return leave_out(in, "the picture's file is not there", picture, "", err);
    }
    oc_status status = sort_marks(in, &labels, &n_regions, picture, err);
    if (!status) status = sort_labels(in, &labels, picture, err);
    if (status) return status;
    image.format = in->data ? OC_IMAGE_ENCODED : OC_IMAGE_PATH;
    image.data = in->data ? (const void *)in->data : picture->file;
    image.size = in->size;
    image.name = picture->path;
    status = oc__project_add_picture(&addition, in->project, &image, &labels, &reason);
    if (status == OC_E_DATA && labels.n_tags) { /* its tags cannot be together, or beside those that it has */
        status = leave_out(in, "the picture's tags cannot be together in the project", picture, reason.message, err);
        labels.n_tags = 0;
        if (!status) status = oc__project_add_picture(&addition, in->project, &image, &labels, &reason);
    }
    if (is_own(status)) return leave_out(in, "the picture cannot be read", picture, reason.message, err);
    if (status) return oc__fail(err, status, "%s", reason.message);
    *(addition.duplicate ? &summary->n_duplicates : &summary->n_added) += 1;
    summary->n_labels += labels.n_tags;
    if (n_regions == 0) return OC_OK;
    status = compare_size(in, addition.id, picture, err);
    return status ? status : add_regions(in, addition.id, n_regions, picture, err);
}

static oc_status end_batch(importer *in, oc_status status, oc_error *err) {
    if (!in->open) return status;
    in->open = false;
    oc_status ended = oc__project_end(in->project, !status, status ? NULL : err);
    if (!status) status = ended;
    if (!status && !oc__progress_step(in->progress, in->n_in_change, 0)) status = oc__progress_status(in->progress, err);
    in->n_in_change = 0;
    return status;
}

/* Others can write while a picture comes from the service, so each is a change of its own then. */
static oc_status add_pictures(importer *in, oc_error *err) {
    oc_status status = OC_OK;
    for (size_t i = 0; i < in->set->n_pictures && !status; i++) {
        const oc__known_picture *picture = &in->set->pictures[i];
        if (in->service && (status = oc__service_picture(&in->data, &in->size, in->service, picture->uri, err))) break;
        if (!in->open) status = oc__project_begin(in->project, err);
        in->open = !status;
        if (!status) status = add_picture(in, picture, err);
        oc__free(in->set->context, in->data);
        in->data = NULL;
        if (!status && (++in->n_in_change == BATCH || in->service)) status = end_batch(in, OC_OK, err);
    }
    return end_batch(in, status, err);
}

static void free_room(importer *in) {
    oc_context *context = in->project->context;
    oc__free(context, in->tags);
    oc__free(context, in->keys);
    oc__free(context, in->values);
    oc__free(context, in->regions);
    in->tags = in->keys = in->values = NULL;
    in->regions = NULL;
}

oc_status oc__project_import(oc_exchange *report, oc_project *project, const char *source, const oc_exchange_options *options,
                             oc__progress *progress, oc_error *err) {
    importer in = {.project = project, .report = report, .progress = progress};
    oc__annotations *set = NULL;
    oc_status status = oc__annotations_load(&set, project->context, report, source, options->from, options->pictures, err);
    if (status) return status;
    in.set = set;
    report->summary.n_pictures = set->n_pictures;
    report->summary.n_tags = set->n_tags;
    status = make_room(&in, err);
    if (!status) status = add_tags(&in, needed_kind(set), NULL, err);
    oc__progress_stage(progress, "adding", 0, 1, set->n_pictures);
    if (!status) status = add_pictures(&in, err);
    if (!status && set->extra)
        status = oc__note(report, OC_NOTE_LEFT_OUT, "what the file says of itself is not kept in a project", err, "%s", source);
    free_room(&in);
    oc__annotations_free(set);
    return status;
}

/* --- from the service --- */

/* The names of the project's pictures: those that came from the service are called by their identifiers there. */
static oc_status list_names(oc__names *names, oc__arena *text, oc_project *project, oc_error *err) {
    oc_picture_filter filter = OC_PICTURE_FILTER_INIT;
    oc_status status = OC_OK;
    filter.limit = 1000;
    for (size_t n = 1000; n == 1000 && !status; filter.offset += 1000) {
        oc_picture_list *list = NULL;
        status = oc__project_pictures(&list, project, &filter, err);
        n = list ? list->n : 0;
        for (size_t i = 0; i < n && !status; i++) {
            const char *name = oc__arena_text(text, list->items[i].info.name, strlen(list->items[i].info.name));
            status = name ? oc__names_add(names, name, 0, project->context, err)
                          : oc__fail_nomem(err, project->context, 4096, "names");
        }
        oc__picture_list_free(list);
    }
    return status;
}

/* Takes the pictures that the project has already out of a page. */
static void drop_known(oc__annotations *page, const oc__names *known, oc_exchange_summary *summary) {
    size_t n = 0;
    uint32_t number;
    for (size_t i = 0; i < page->n_pictures; i++)
        if (!oc__names_find(&number, known, page->pictures[i].path)) page->pictures[n++] = page->pictures[i];
    summary->n_duplicates += page->n_pictures - n;
    page->n_pictures = n;
}

static oc_status pull_page(size_t *n, importer *in, size_t skip, uint32_t kind, const oc__names *known, oc_error *err) {
    oc__annotations *page = NULL;
    oc_status status = oc__annotations_create(&page, in->project->context, in->report, "", err);
    if (!status) status = oc__service_page(n, in->service, page, skip, kind, err);
    if (!status) status = oc__annotations_finish(page, err);
    if (!status) {
        in->report->summary.n_pictures += page->n_pictures;
        drop_known(page, known, &in->report->summary);
        in->set = page;
        status = make_room(in, err);
    }
    if (!status) status = add_pictures(in, err);
    free_room(in);
    oc__annotations_free(page);
    return status;
}

oc_status oc__project_pull(oc_exchange *report, oc_project *project, const oc_service *service, oc__progress *progress,
                           oc_error *err) {
    importer in = {.project = project, .report = report, .progress = progress};
    oc_context *context = project->context;
    oc__annotations *tags = NULL;
    oc__names known = {0};
    oc__arena text = {.context = context};
    uint32_t kind = 0;
    char domain[OC_ID_SIZE] = "";
    size_t n_pictures = 0, n = 1;
    oc_status status = oc__service_open(&in.service, context, service, progress, err);
    if (!status) status = oc__annotations_create(&tags, context, report, "", err);
    if (!status) status = oc__service_project(&kind, domain, &n_pictures, in.service, tags, err);
    if (!status) status = list_names(&known, &text, project, err);
    if (!status) {
        in.set = tags;
        report->summary.format = "service";
        report->summary.n_tags = tags->n_tags;
        status = add_tags(&in, kind, domain, err);
    }
    oc__progress_stage(progress, "pulling", 0, 1, n_pictures + 1);
    for (size_t skip = 0; n && !status; skip += n) status = pull_page(&n, &in, skip, kind, &known, err);
    oc__annotations_free(tags);
    oc__names_free(&known, context);
    oc__arena_free(&text);
    oc__service_close(in.service);
    return status;
}
