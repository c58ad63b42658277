/* Makes the files of this folder that are not there yet: make_golden FOLDER. SPDX-License-Identifier: MIT
 *
 * A file that is there is never written again, since it must stay readable for ever. After a change of the format, the files of
 * the new version get new names beside the old ones. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "golden.h"
#include "kernels.h"
#include "memory.h"
#include "ocm.h"
#include "ocm_layout.h"

/* A new file, or NULL if it is there already. */
static FILE *create(const char *folder, int which, const char *ending) {
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/v%d-%s.%s", folder, OC__OCM_MAJOR, golden_name(which), ending);
    if (length < 0 || (size_t)length >= sizeof path) {
        fputs("make_golden: the folder's name is too long\n", stderr);
        exit(2);
    }
    FILE *file = fopen(path, "wxb");
    if (!file && errno != EEXIST) {
        fprintf(stderr, "make_golden: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    printf("%s %s\n", file ? "made" : "kept", path);
    return file;
}

static oc_status finish(FILE *file, oc_error *err) {
    int failed = ferror(file);
    if (fclose(file) != 0) failed = 1;
    return failed ? oc__fail(err, OC_E_IO, "cannot write") : OC_OK;
}

static oc_status make(const char *folder, oc_context *context, int which, oc_error *err) {
    oc_model *model = NULL;
    oc__buffer bytes = {.context = context};
    oc_status status = golden_model(&model, context, which, err);
    if (!status) status = oc__ocm_write(&bytes, model, err);
    if (status) goto done;
    FILE *file = create(folder, which, "ocm");
    if (file) {
        fwrite(bytes.data, 1, bytes.size, file);
        status = finish(file, err);
    }
    if (!status && (file = create(folder, which, "txt"))) {
        status = golden_describe(file, model, err);
        oc_status finished = finish(file, err);
        if (!status) status = finished;
    }
done:
    oc__buffer_free(&bytes);
    oc__model_release(model);
    return status;
}

int main(int argc, char **argv) {
    oc_error error = OC_ERROR_INIT;
    oc_context *context = NULL;
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    if (argc != 2) {
        fputs("usage: make_golden FOLDER\n", stderr);
        return 2;
    }
    options.n_threads = 1;
    oc_status status = oc__context_create(&context, &options, &error);
    if (!status) context->kernels = oc__kernels_select("c");
    for (int which = 0; which < GOLDEN_N && !status; which++) status = make(argv[1], context, which, &error);
    if (status) fprintf(stderr, "make_golden: %s\n", error.message);
    oc__context_release(context);
    return status ? 1 : 0;
}
