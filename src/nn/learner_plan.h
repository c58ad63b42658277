/* How a learner goes through its graph, and where everything lies. SPDX-License-Identifier: MIT */
#ifndef OC_NN_LEARNER_PLAN_H
#define OC_NN_LEARNER_PLAN_H

#include "learner.h"
#include "plan.h"
#include "train_add.h"
#include "train_unit.h"

/* What becomes of a node. */
typedef enum oc__role {
    OC__ROLE_PLAIN,  /* its operator, by itself */
    OC__ROLE_UNIT,   /* a batch norm that takes its convolution along */
    OC__ROLE_INSIDE, /* that convolution: nothing by itself */
    OC__ROLE_ADD,    /* an addition that reads views and hands its gradient on */
} oc__role;

#define OC__NOBODY UINT32_MAX

typedef struct oc__step {
    oc__role role;
    uint32_t conv;                     /* unit: the node of its convolution */
    bool wanted;                       /* its gradient is wanted: a parameter of it or of a node that leads to it is trained */
    bool is_output;
    bool reached;                      /* an output depends on it */
    bool written_out;                  /* unit: somebody reads its value without a view */
    uint32_t first_giver, last_giver;  /* of the reached nodes that read it, the one that goes backward last, and first */
    uint32_t gradient_at;              /* the node whose buffer holds its gradient: itself, or an addition that hands it on */
} oc__step;

struct oc__learner {
    oc__graph *graph;
    const oc__kernels *kernels;
    const oc__bf16_kernels *bf16; /* NULL: single precision */
    oc__shape *shapes;
    oc__step *steps;        /* one a node */
    oc__buffer_plan *plans; /* see the ..._slot functions */
    unsigned char *arena;
    size_t arena_size;
    bool fused;
};

/* Buffers, five kinds of n_nodes each, then: scratch, a place to add gradients from, and the parameters' gradients. OUTPUT is
 * a node's value, of a convolution inside a unit the raw output; SUMS those that a unit begins its backward pass with. */
enum { OC__OUTPUT, OC__SAVED, OC__PACKED, OC__GRADIENT, OC__SUMS, OC__N_BUFFER_KINDS };

static inline size_t oc__node_slot(const oc__learner *l, int kind, size_t node) {
    return (size_t)kind * l->graph->n_nodes + node;
}
static inline size_t oc__scratch_slot(const oc__learner *l) { return OC__N_BUFFER_KINDS * l->graph->n_nodes; }
static inline size_t oc__addend_slot(const oc__learner *l) { return oc__scratch_slot(l) + 1; }
static inline size_t oc__param_slot(const oc__learner *l, size_t param) { return oc__scratch_slot(l) + 2 + param; }
static inline size_t oc__n_slots(const oc__learner *l) { return oc__scratch_slot(l) + 2 + l->graph->n_params; }

/* Where a slot's buffer lies; NULL if it has none, or before there is memory. */
static inline void *oc__place(const oc__learner *l, size_t slot) {
    return l->arena && l->plans[slot].size ? l->arena + l->plans[slot].offset : NULL;
}

/* What a step reads: a unit its convolution's inputs. Returns how many. */
uint32_t oc__step_inputs(const oc__learner *l, uint32_t index, const uint32_t **inputs);

/* Whether somebody has given to the gradient of a step's input before the step does, which then adds to it. */
bool oc__gives_later(const oc__learner *l, uint32_t index, uint32_t input);

/* Node `index` at work, of any role but INSIDE; pointers are NULL while there is no memory. */
void oc__fill_call(oc__call *call, const oc__learner *l, uint32_t index);
void oc__fill_unit(oc__unit *unit, const oc__learner *l, uint32_t index);
void oc__fill_addition(oc__addition *addition, const oc__learner *l, uint32_t index);

/* Gives every node its role; the shapes are there. n_readers: room for a number a node. */
void oc__learner_roles(oc__learner *l, uint32_t *n_readers);
/* Plans all buffers. */
oc_status oc__learner_plan(size_t *total, oc__learner *l, oc_error *err);

#endif
