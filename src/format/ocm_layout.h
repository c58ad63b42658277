/* The numbers of model files: see docs/model-format.md. SPDX-License-Identifier: MIT */
#ifndef OC_FORMAT_OCM_LAYOUT_H
#define OC_FORMAT_OCM_LAYOUT_H

#include <stdbool.h>

#define OC__OCM_MAGIC "\x89OCM\r\n\x1A\n"
#define OC__OCM_MAGIC_SIZE 8
#define OC__OCM_MAJOR 1
#define OC__OCM_MINOR 3 /* the newest; files say the lowest that holds them */

/* The header, then the section table, whose entries have a fixed size. */
#define OC__OCM_AT_MAJOR 8
#define OC__OCM_AT_MINOR 10
#define OC__OCM_AT_COUNT 12
#define OC__OCM_AT_FILE_SIZE 16
#define OC__OCM_AT_CRC 24 /* of all bytes before it, and of all from OC__OCM_AT_RESERVED to the end of the table */
#define OC__OCM_AT_RESERVED 28
#define OC__OCM_HEADER_SIZE 32

#define OC__OCM_ENTRY_TYPE 0
#define OC__OCM_ENTRY_FLAGS 4
#define OC__OCM_ENTRY_OFFSET 8
#define OC__OCM_ENTRY_SIZE 16
#define OC__OCM_ENTRY_CRC 24
#define OC__OCM_ENTRY_RESERVED 28
#define OC__OCM_ENTRY_BYTES 32

#define OC__OCM_CRITICAL 1u /* flag: a reader that does not know the section must refuse the file */
#define OC__OCM_MAX_SECTIONS 256
#define OC__OCM_ALIGNMENT 64 /* of sections, and of weights within WGHT */

/* Bytes of a record, or the least they can be. */
#define OC__OCM_HEAD_SIZE 8
#define OC__OCM_RULE_SIZE 52
#define OC__OCM_MIN_TAG 5
#define OC__OCM_MIN_NODE 64
#define OC__OCM_ATTRIBUTES_SIZE 56
#define OC__OCM_PARAM_SIZE 24
#define OC__OCM_MIN_PROPERTY 9
#define OC__OCM_MEASURED_TAG 8
#define OC__OCM_MEASURED_ENTRY 16
#define OC__OCM_RANGE_SIZE 8
#define OC__OCM_THRESHOLD_SIZE 4
#define OC__OCM_ANSWER_SIZE 12
#define OC__OCM_TRUTH_SIZE 24
#define OC__OCM_FOUND_SIZE 28

#define OC__OCM_MAX_PARAM_RANK 4

/* Version 1.0 knows operators up to this one, and neither section ATTR nor QUAN. */
#define OC__OCM_LAST_OP_1_0 8

/* Version 1.1 knows kinds up to this one, and neither section ANSW nor THRE, which go with the next. */
#define OC__OCM_LAST_KIND_1_1 2

/* Likewise version 1.2, and not section BOXM; and functions up to this one. */
#define OC__OCM_LAST_KIND_1_2 3
#define OC__OCM_LAST_FUNCTION_1_2 7

/* The sections this version knows, as they are written. */
enum {
    OC__OCM_HEAD, OC__OCM_TAGS, OC__OCM_RULE, OC__OCM_GRPH, OC__OCM_ATTR, OC__OCM_WGHT, OC__OCM_PROP, OC__OCM_MEAS,
    OC__OCM_ANSW, OC__OCM_BOXM, OC__OCM_QUAN, OC__OCM_THRE, OC__OCM_N_KINDS
};

typedef struct oc__ocm_kind {
    char type[5];
    bool required; /* no model is without it */
    unsigned flags;
} oc__ocm_kind;

static const oc__ocm_kind oc__ocm_kinds[OC__OCM_N_KINDS] = {
    [OC__OCM_HEAD] = {"HEAD", true, OC__OCM_CRITICAL}, [OC__OCM_TAGS] = {"TAGS", true, OC__OCM_CRITICAL},
    [OC__OCM_RULE] = {"RULE", true, OC__OCM_CRITICAL}, [OC__OCM_GRPH] = {"GRPH", true, OC__OCM_CRITICAL},
    [OC__OCM_ATTR] = {"ATTR", false, OC__OCM_CRITICAL}, [OC__OCM_WGHT] = {"WGHT", true, OC__OCM_CRITICAL},
    [OC__OCM_PROP] = {"PROP", false, 0}, [OC__OCM_MEAS] = {"MEAS", false, 0},
    [OC__OCM_ANSW] = {"ANSW", false, 0}, [OC__OCM_BOXM] = {"BOXM", false, 0},
    [OC__OCM_QUAN] = {"QUAN", false, 0},
    [OC__OCM_THRE] = {"THRE", false, 0},
};

#endif
