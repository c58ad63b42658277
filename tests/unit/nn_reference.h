/* Networks computed in double precision, as plainly as can be, to compare with. SPDX-License-Identifier: MIT */
#ifndef OC_TESTS_UNIT_NN_REFERENCE_H
#define OC_TESTS_UNIT_NN_REFERENCE_H

#include "graph.h"

typedef struct reference {
    const oc__graph *graph;
    oc__shape *shapes;
    double **values; /* per node, [n][h][w][c]; the caller fills values[0] */
    double **params; /* copies of the graph's */
    bool bf16;       /* what dense and grouped convolutions multiply is rounded to bfloat16 */
    bool training;   /* batch norms use the batch's own figures */
    double nearest;  /* how near any value came to a kink: a clamp's bound, or two values that tie for a maximum */
} reference;

reference *reference_create(const oc__graph *graph, uint32_t n, uint32_t height, uint32_t width, bool training);
void reference_free(reference *r);
void reference_run(reference *r);
size_t reference_count(const reference *r, uint32_t node);

/* Sum over the outputs of weights[output] . values: what the gradients are of. */
double reference_loss(const reference *r, double *const *weights);

#endif
