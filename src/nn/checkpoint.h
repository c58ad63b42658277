/* A training's state as bytes: it goes on from them as if it had not been interrupted. SPDX-License-Identifier: MIT
 *
 * The bytes are for the machine that wrote them; a model is kept in a model file. */
#ifndef OC_NN_CHECKPOINT_H
#define OC_NN_CHECKPOINT_H

#include "memory.h"
#include "optimiser.h"

/* Appends the graph's values, the optimiser's moments, its average and its counts. */
void oc__checkpoint_write(oc__buffer *out, const oc__graph *graph, const oc__optimiser *optimiser);

/* Puts them back. OC_E_CORRUPT if the bytes are damaged, OC_E_ARGUMENT if they are of another graph or another kind of
 * optimiser; then nothing is changed. `n_steps`, `kind` and the rest of the options are the caller's to choose alike. */
oc_status oc__checkpoint_read(oc__graph *graph, oc__optimiser *optimiser, const void *data, size_t size, oc_error *err);

#endif
