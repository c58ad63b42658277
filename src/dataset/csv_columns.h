/* Where the columns of a CSV file with pictures are. SPDX-License-Identifier: MIT */
#ifndef OC_DATASET_CSV_COLUMNS_H
#define OC_DATASET_CSV_COLUMNS_H

#include "csv.h"
#include "dataset.h"

#define OC__CSV_MAX_COLUMNS 64

/* Of the n columns; OC__CSV_MAX_COLUMNS where there is none. */
typedef struct oc__csv_columns {
    size_t n, path, tag, tags, split;
    size_t box[4]; /* left, top, width, height: all there or none */
} oc__csv_columns;

/* Adds the pictures of the rows that are left, where each row is an object in its box, or without tag and box a picture that has
 * none. Pictures are in the order of their first rows. */
oc_status oc__csv_load_boxes(oc_dataset *dataset, const char *folder, const oc__csv_columns *columns, oc__csv *csv,
                             oc_error *err);

#endif
