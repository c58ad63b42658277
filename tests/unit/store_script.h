/* A script that edits a project, and operations on files that fail or end the program. SPDX-License-Identifier: MIT */
#ifndef OC_TESTS_UNIT_STORE_SCRIPT_H
#define OC_TESTS_UNIT_STORE_SCRIPT_H

#include "file.h"
#include "store.h"

/* What the n-th write, sync, rename or removal does, SQLite's or our own. */
typedef enum fault_kind {
    FAULT_KILL, /* ends the program at once */
    FAULT_ONCE, /* fails, and later ones succeed */
    FAULT_FULL  /* it and all later writes find the disk full, until `fault_left` is set again; only writes are counted */
} fault_kind;

extern fault_kind fault;
extern int fault_left; /* operations until then; negative: never */
extern bool fault_struck;

/* For oc_context.files. */
const oc__file_ops *faulty_files(void);

#define N_STEPS 12

/* Step `i` of the script. `first` is what step 0 added. */
oc_status script_step(oc_project *project, int i, oc_addition *first, oc_error *err);

/* All that a project says, but for identifiers and moments, as one text. */
#define DESCRIPTION 1024
void script_describe(char out[DESCRIPTION], oc_project *project);

/* Lets new_folder make its folders in memory where it can: tests that do not lose what the operating system holds are much
 * quicker there. */
void script_in_memory(void);

/* A picture of 4 x 2 pixels, different for each seed. */
oc_image script_picture(unsigned seed, uint8_t bytes[78]);

#endif
