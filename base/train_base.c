/* Trains a base network by distillation: it learns to give the features that large public networks, the teachers, give for
 * the same crops. See README.md for the recipe and the files. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpoint.h"
#include "clock.h"
#include "file.h"
#include "half.h"
#include "kernels.h"
#include "learner.h"
#include "loss.h"
#include "memory.h"
#include "model.h"
#include "network.h"
#include "ocm.h"
#include "optimiser.h"
#include "random.h"
#include "schedule.h"
#include "text.h"
#include "thread.h"

typedef struct options {
    const char *pool, *teachers, *network, *precision, *describe, *checkpoint, *out;
    uint64_t pool_side, count, steps, batch, small_side, side, seed, input_side, threads;
    double small_share; /* of the steps, trained at small_side */
    double rate, decay, minutes;
} options;

static void fail(const char *message) {
    fprintf(stderr, "train_base: %s\n", message);
    exit(1);
}

static void check(oc_status status, const oc_error *err) {
    if (status) fail(err->message);
}

/* A file of the pool, mapped. */
static const void *map(const char *folder, const char *name, const char *suffix, size_t *size) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s%s", folder, name, suffix);
    int file = open(path, O_RDONLY);
    struct stat about;
    if (file < 0 || fstat(file, &about) != 0) {
        perror(path);
        exit(1);
    }
    void *data = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_SHARED, file, 0);
    if (data == MAP_FAILED) {
        perror(path);
        exit(1);
    }
    close(file);
    *size = (size_t)about.st_size;
    return data;
}

#define MAX_TEACHERS OC__MAX_OUTPUTS
#define MAX_MAP 64 /* rows and columns */

/* What one teacher says of the first crops of the pool: its features of the whole (side 0) or of the places of a map of so
 * many rows and columns, and their means and deviations over the pool. */
typedef struct teacher {
    const uint16_t *features;
    const float *mean, *deviation;
    size_t dim, side, count;
} teacher;

typedef struct pool {
    const uint8_t *crops;
    teacher teachers[MAX_TEACHERS];
    uint32_t n_teachers;
    size_t side, count;
} pool;

static pool open_pool(const options *o) {
    pool p = {.side = (size_t)o->pool_side};
    size_t size;
    p.crops = map(o->pool, "crops", ".u8", &size);
    p.count = size / (p.side * p.side * 3);
    size_t described = 0;
    for (const char *name = o->teachers; *name; name += *name == ',') {
        size_t length = strcspn(name, ",");
        char one[256];
        if (p.n_teachers == MAX_TEACHERS || length == 0 || length >= sizeof one)
            fail("--teachers: names at most 8 teachers, separated by commas");
        memcpy(one, name, length);
        one[length] = 0;
        name += length;
        teacher *t = &p.teachers[p.n_teachers++];
        char *at = strchr(one, '@');
        if (at) {
            uint64_t map_side;
            if (!oc__parse_u64(at + 1, &map_side) || map_side < 1 || map_side > MAX_MAP)
                fail("--teachers: NAME@SIDE wants the side of the map, 1 to 64");
            t->side = (size_t)map_side;
            *at = 0;
        }
        t->mean = map(o->pool, one, ".norm.f32", &size);
        t->dim = size / (2 * sizeof(float));
        t->deviation = t->mean + t->dim;
        t->features = map(o->pool, one, ".f16", &size);
        t->count = size / (t->dim * 2 * (t->side ? t->side * t->side : 1));
        if (t->count > described) described = t->count;
    }
    if (described < p.count) p.count = described;
    if (o->count && o->count < p.count) p.count = o->count;
    if (p.n_teachers == 0 || p.count < 2) fail("there is nothing to learn: no teachers, or fewer than two crops");
    return p;
}

/* What is trained: the network and, on top of its features (or of the places whose mean they are), a linear map to each
 * teacher's. The average of the weights over
 * the last thousands of steps is what is kept in the end. */
typedef struct state {
    oc_context *context;
    oc__graph graph;
    oc__optimiser optimiser;
} state;

static oc__prepare_rule rule_of(uint32_t side) {
    return (oc__prepare_rule){.width = side,
                              .height = side,
                              .resize = OC__RESIZE_SQUASH,
                              .filter = OC__FILTER_TRIANGLE,
                              .reduced_jpeg = 1,
                              .channels = OC__CHANNELS_RGB,
                              .mean = {127.5f, 127.5f, 127.5f},
                              .scale = {1 / 64.0f, 1 / 64.0f, 1 / 64.0f}};
}

static void begin(state *s, const options *o, const pool *p, oc_error *err) {
    s->graph.context = s->context;
    check(network_build(&s->graph, o->network, o->seed, err), err);
    uint32_t features = s->graph.outputs[OUTPUT_FEATURES], places = s->graph.nodes[features].inputs[0];
    s->graph.n_outputs = p->n_teachers;
    for (uint32_t i = 0; i < p->n_teachers; i++) {
        const teacher *t = &p->teachers[i];
        uint32_t from = t->side ? places : features;
        check(oc__graph_conv(&s->graph.outputs[i], &s->graph, from, (uint32_t)t->dim, 1, 1, 1, true, err), err);
    }
    oc__graph_initialise(&s->graph, o->seed);
    check(oc__graph_check(&s->graph, err), err);
    oc__optimiser_options adamw = OC__ADAMW_INIT;
    adamw.decay = o->decay;
    adamw.clip = 1;
    adamw.average = 0.998;
    check(oc__optimiser_create(&s->optimiser, &s->graph, &adamw, err), err);
}

static void save_checkpoint(const state *s, const char *path, oc_error *err) {
    oc__buffer buffer = {.context = s->context};
    oc__checkpoint_write(&buffer, &s->graph, &s->optimiser);
    if (buffer.failed) fail("out of memory");
    check(oc__file_replace(s->context, path, buffer.data, buffer.size, err), err);
    oc__buffer_free(&buffer);
}

static bool load_checkpoint(state *s, const char *path, oc_error *err) {
    uint8_t *data;
    size_t size;
    oc_status status = oc__file_read(&data, &size, s->context, path, UINT64_MAX, "", err);
    if (status == OC_E_NOT_FOUND) return false;
    check(status, err);
    check(oc__checkpoint_read(&s->graph, &s->optimiser, data, size, err), err);
    oc__free(s->context, data);
    return true;
}

/* A batch: the crops of a step, just as the teachers saw them, and the teachers' features of them. */
typedef struct batch_job {
    const pool *pool;
    const options *options;
    oc_context *context;
    oc__prepare_rule rule;
    uint64_t step;
    size_t map_side; /* of the student */
    float *input, *targets[MAX_TEACHERS];
    bool *known[MAX_TEACHERS]; /* whether the teacher has seen the crop */
} batch_job;

static size_t places_of(const batch_job *j, const teacher *t) { return t->side ? j->map_side * j->map_side : 1; }

/* Each pass over the pool takes the crops in an order of its own: a random affine walk modulo the count. */
static size_t crop_at(const pool *p, uint64_t seed, uint64_t index) {
    oc__random random;
    oc__random_seed(&random, seed, 1000 + index / p->count);
    uint64_t factor = p->count, other = 0;
    while (other != 1) { /* a factor prime to the count */
        factor = 1 + oc__random_below(&random, p->count - 1);
        uint64_t a = p->count, b = factor;
        while (b) {
            uint64_t c = a % b;
            a = b;
            b = c;
        }
        other = a;
    }
    return (size_t)((index % p->count * factor + oc__random_below(&random, p->count)) % p->count);
}

/* The shares of the teacher's rows (or columns) in one of the student's: how far they overlap, summing to 1. */
static void overlaps(float *shares, size_t from_side, size_t to_side, size_t at) {
    double first = (double)at * (double)from_side / (double)to_side, last = first + (double)from_side / (double)to_side;
    for (size_t k = 0; k < from_side; k++) {
        double overlap = fmin(last, (double)k + 1) - fmax(first, (double)k);
        shares[k] = (float)(fmax(overlap, 0) / (last - first));
    }
}

/* A teacher's map, channels last, at the side of the student's: each place is the mean over the area that it covers. */
static void resize_map(float *to, size_t to_side, const uint16_t *from, size_t from_side, size_t dim) {
    float rows[MAX_MAP], columns[MAX_MAP];
    memset(to, 0, to_side * to_side * dim * sizeof(float));
    for (size_t y = 0; y < to_side; y++) {
        overlaps(rows, from_side, to_side, y);
        for (size_t x = 0; x < to_side; x++, to += dim) {
            overlaps(columns, from_side, to_side, x);
            for (size_t place = 0; place < from_side * from_side; place++) {
                float share = rows[place / from_side] * columns[place % from_side];
                for (size_t k = 0; k < dim && share > 0; k++) to[k] += share * oc__half_to_float(from[place * dim + k]);
            }
        }
    }
}

static void batch_task(void *argument, size_t i, uint32_t worker) {
    const batch_job *j = argument;
    const pool *p = j->pool;
    uint64_t index = j->step * j->options->batch + i;
    size_t crop = crop_at(p, j->options->seed, index), side = j->rule.width;
    oc_error err = OC_ERROR_INIT;
    (void)worker;
    oc__bitmap bitmap = {j->context, (uint8_t *)(uintptr_t)p->crops + crop * p->side * p->side * 3, (uint32_t)p->side,
                         (uint32_t)p->side};
    check(oc__prepare(j->input + i * side * side * 3, &bitmap, &j->rule, NULL, &err), &err);
    for (uint32_t t = 0; t < p->n_teachers; t++) {
        const teacher *from = &p->teachers[t];
        size_t row = from->dim * (from->side ? from->side * from->side : 1), places = places_of(j, from);
        float *to = j->targets[t] + i * places * from->dim;
        j->known[t][i] = crop < from->count;
        if (!j->known[t][i]) continue;
        if (from->side) {
            resize_map(to, j->map_side, from->features + crop * row, from->side, from->dim);
        } else {
            for (size_t k = 0; k < row; k++) to[k] = oc__half_to_float(from->features[crop * row + k]);
        }
    }
}

/* The loss of one teacher and its gradient, over the crops that it has seen: what it has not seen is as the student says. */
static double teacher_loss(const batch_job *j, oc__learner *learner, uint32_t index) {
    const teacher *t = &j->pool->teachers[index];
    size_t batch = (size_t)j->options->batch, row = places_of(j, t) * t->dim, known = 0;
    oc__shape shape;
    const float *said = oc__learner_output(learner, index, &shape);
    float *targets = j->targets[index];
    for (size_t i = 0; i < batch; i++) {
        known += j->known[index][i];
        for (size_t k = 0; k < row && !j->known[index][i]; k++)
            targets[i * row + k] = said[i * row + k] * t->deviation[k % t->dim] + t->mean[k % t->dim];
    }
    double loss = oc__distil_features(oc__learner_output_gradient(learner, index), j->context, said, targets, t->mean,
                                      t->deviation, batch * places_of(j, t), t->dim);
    return known ? loss * (double)batch / (double)known : 0;
}

/* Trains on to step `end` at one side, or until the time is over. False if the time is over. */
static bool train(state *s, const options *o, const pool *p, uint64_t end, uint32_t side, double deadline, oc_error *err) {
    oc__learner *learner = NULL;
    const uint64_t *step = &s->optimiser.n_steps;
    oc__schedule schedule = {.kind = OC__SCHEDULE_COSINE, .n_steps = o->steps, .warm_up = o->steps / 50 + 1};
    if (*step >= end) return true;
    check((strcmp(o->precision, "bf16") == 0 ? oc__learner_create_bf16 : oc__learner_create)(
              &learner, &s->graph, (uint32_t)o->batch, side, side, err), err);
    batch_job job = {
        .pool = p, .options = o, .context = s->context, .rule = rule_of(side), .input = oc__learner_input(learner),
        .map_side = (side + 31) / 32};
    for (uint32_t t = 0; t < p->n_teachers; t++) {
        job.targets[t] = oc__alloc_array(s->context, o->batch * places_of(&job, &p->teachers[t]) * p->teachers[t].dim,
                                         sizeof(float));
        job.known[t] = oc__alloc_array(s->context, o->batch, sizeof(bool));
        if (!job.targets[t] || !job.known[t]) fail("out of memory");
    }
    double losses[MAX_TEACHERS] = {0}, started = oc__now(), saved = started;
    uint64_t since = 0;
    fprintf(stderr, "side %u, %zu MB\n", side, oc__learner_memory(learner) >> 20);
    while (*step < end && oc__now() < deadline) {
        job.step = *step;
        oc__parallel(s->context, o->batch, batch_task, &job);
        oc__learner_forward(learner);
        for (uint32_t t = 0; t < p->n_teachers; t++) losses[t] += teacher_loss(&job, learner, t);
        oc__learner_backward(learner);
        double rate = o->rate * oc__schedule_share(&schedule, *step);
        double norm = oc__optimiser_step(&s->optimiser, &s->graph, learner, rate);
        if (!isfinite(norm)) fail("the gradients are not finite");
        since++;
        if (since == 50) {
            double now = oc__now();
            printf("step %llu of %llu  side %u  loss", (unsigned long long)*step, (unsigned long long)o->steps, side);
            for (uint32_t t = 0; t < p->n_teachers; t++) printf(" %.4f", 2 * losses[t] / (double)since);
            printf("  %.1f pictures/s\n", (double)(since * o->batch) / (now - started));
            fflush(stdout);
            memset(losses, 0, sizeof losses);
            since = 0;
            started = now;
            if (now - saved > 120) {
                save_checkpoint(s, o->checkpoint, err);
                saved = oc__now();
            }
        }
    }
    save_checkpoint(s, o->checkpoint, err);
    oc__learner_free(learner);
    for (uint32_t t = 0; t < p->n_teachers; t++) {
        oc__free(s->context, job.targets[t]);
        oc__free(s->context, job.known[t]);
    }
    return *step >= end;
}

/* The network alone, its averaged weights rounded to half precision, as a base model. */
static void write_base(state *s, const options *o, oc_error *err) {
    oc_model *model = NULL;
    oc__buffer buffer = {.context = s->context};
    check(oc__model_create(&model, s->context, err), err);
    check(network_build(&model->graph, o->network, o->seed, err), err);
    check(network_join_levels(&model->graph, err), err);
    oc__optimiser_swap_average(&s->optimiser, &s->graph);
    for (size_t i = 0; i < model->graph.n_params; i++) {
        const float *from = s->graph.params[i].values;
        oc__param *param = &model->graph.params[i];
        param->storage = OC__STORE_F16;
        for (size_t k = 0; k < param->count; k++) param->values[k] = oc__half_to_float(oc__half_from_float(from[k]));
    }
    model->kind = OC__KIND_BASE;
    model->rule = rule_of((uint32_t)o->input_side);
    check(oc__model_set_property(model, "name", o->network, err), err);
    check(oc__model_set_property(model, "teachers", o->teachers, err), err);
    check(oc__model_set_property_u64(model, "crops_seen", s->optimiser.n_steps * o->batch, err), err);
    check(oc__model_set_property_u64(model, "n_parameters", oc__graph_n_weights(&model->graph), err), err);
    check(oc__model_set_property_u64(model, "n_macs",
                                     oc__graph_n_macs(&model->graph, (uint32_t)o->input_side, (uint32_t)o->input_side), err),
          err);
    check(oc__model_finish(model, err), err);
    check(oc__ocm_write(&buffer, model, err), err);
    check(oc__file_replace(s->context, o->out, buffer.data, buffer.size, err), err);
    printf("wrote %s: %zu bytes, %zu parameters, %.1f million multiply-adds at %u px\n", o->out, buffer.size,
           oc__graph_n_weights(&model->graph),
           (double)oc__graph_n_macs(&model->graph, model->rule.height, model->rule.width) / 1e6, model->rule.width);
    oc__buffer_free(&buffer);
    oc__model_release(model);
}

/* The network's nodes, one a line, as train_torch.py reads them: number, operator, inputs, what else it needs. */
static void describe(state *s, const char *name, oc_error *err) {
    s->graph.context = s->context;
    check(network_build(&s->graph, name, 1, err), err);
    for (uint32_t i = 0; i < s->graph.n_nodes; i++) {
        const oc__node *node = &s->graph.nodes[i];
        printf("%u ", i);
        switch (node->op) {
        case OC__OP_INPUT: printf("input\n"); break;
        case OC__OP_CONV:
            printf("conv %u %u %u %u %u\n", node->inputs[0], node->channels, node->window.kernel_height, node->window.stride,
                   node->groups);
            break;
        case OC__OP_BATCH_NORM:
            printf("norm %u %g %s\n", node->inputs[0], (double)node->epsilon, node->low == 0 ? "relu" : "linear");
            break;
        case OC__OP_ADD: printf("add %u %u\n", node->inputs[0], node->inputs[1]); break;
        case OC__OP_GLOBAL_POOL: printf("pool %u\n", node->inputs[0]); break;
        default: fail("a network has an operator that --describe does not know");
        }
    }
    printf("outputs");
    for (uint32_t i = 0; i < s->graph.n_outputs; i++) printf(" %u", s->graph.outputs[i]);
    printf("\n");
}

static const char usage[] =
    "usage: train_base --describe NETWORK\n"
    "   or: train_base --pool DIR --checkpoint FILE --out BASE.ocm [--KEY VALUE ...]\n"
    "\n"
    "  --pool DIR          folder of the pool (crops.u8, TEACHER.f16, TEACHER.norm.f32)\n"
    "  --pool-side N       side of its crops (144)\n"
    "  --teachers NAMES    which teachers to learn from, separated by commas (teacher); NAME@SIDE: one who describes\n"
    "                      every place of a map of that side\n"
    "  --count N           use the first N crops (all)\n"
    "  --network NAME      which network to train (first)\n"
    "  --steps N           length of the schedule (6000)\n"
    "  --batch N           crops in a step (64)\n"
    "  --small-side N      side in the first part of the schedule (96)\n"
    "  --small-share X     length of that part (0.7)\n"
    "  --side N            side in the rest (128)\n"
    "  --input-side N      side at which the finished base is used (160)\n"
    "  --rate X            top learning rate (0.002)\n"
    "  --decay X           weight decay (0.05)\n"
    "  --seed N            (1)\n"
    "  --precision NAME    of the products: fp32, or bf16 where the CPU multiplies it (fp32)\n"
    "  --threads N         (all processors)\n"
    "  --minutes X         stop after this time (no limit); the same command goes on from the checkpoint\n"
    "  --checkpoint FILE   written every two minutes and at the end\n"
    "  --out BASE.ocm      written at the end of every run, from what is learned so far\n";

int main(int argc, char **argv) {
    options o = {.teachers = "teacher", .network = "first", .precision = "fp32", .pool_side = 144, .steps = 6000, .batch = 64,
                 .small_side = 96, .side = 128, .input_side = 160, .small_share = 0.7, .rate = 0.002, .decay = 0.05,
                 .minutes = 1e9, .seed = 1};
    const struct {
        const char *key;
        const char **text;
        uint64_t *number;
        double *real;
    } keys[] = {{"--pool", &o.pool, NULL, NULL},
                {"--teachers", &o.teachers, NULL, NULL},
                {"--network", &o.network, NULL, NULL},
                {"--describe", &o.describe, NULL, NULL},
                {"--precision", &o.precision, NULL, NULL},
                {"--checkpoint", &o.checkpoint, NULL, NULL},
                {"--out", &o.out, NULL, NULL},
                {"--pool-side", NULL, &o.pool_side, NULL},
                {"--count", NULL, &o.count, NULL},
                {"--steps", NULL, &o.steps, NULL},
                {"--batch", NULL, &o.batch, NULL},
                {"--small-side", NULL, &o.small_side, NULL},
                {"--side", NULL, &o.side, NULL},
                {"--input-side", NULL, &o.input_side, NULL},
                {"--seed", NULL, &o.seed, NULL},
                {"--threads", NULL, &o.threads, NULL},
                {"--small-share", NULL, NULL, &o.small_share},
                {"--rate", NULL, NULL, &o.rate},
                {"--decay", NULL, NULL, &o.decay},
                {"--minutes", NULL, NULL, &o.minutes}};
    for (int i = 1; i < argc; i += 2) {
        size_t k = 0;
        while (k < sizeof keys / sizeof *keys && strcmp(argv[i], keys[k].key) != 0) k++;
        if (k == sizeof keys / sizeof *keys || i + 1 == argc || (keys[k].number && !oc__parse_u64(argv[i + 1], keys[k].number))
            || (keys[k].real && !oc__parse_double(argv[i + 1], keys[k].real))) {
            fputs(usage, stderr);
            return 2;
        }
        if (keys[k].text) *keys[k].text = argv[i + 1];
    }
    if (!o.describe &&
        (!o.pool || !o.checkpoint || !o.out || (strcmp(o.precision, "fp32") != 0 && strcmp(o.precision, "bf16") != 0))) {
        fputs(usage, stderr);
        return 2;
    }
    oc_error err = OC_ERROR_INIT;
    oc_context_options settings = OC_CONTEXT_OPTIONS_INIT;
    settings.n_threads = (uint32_t)o.threads;
    state s = {0};
    check(oc__context_create(&s.context, &settings, &err), &err);
    s.context->kernels = oc__kernels_select(getenv("OCELLUS_CPU"));
    if (o.describe) {
        describe(&s, o.describe, &err);
        oc__graph_free(&s.graph);
        oc__context_release(s.context);
        return 0;
    }
    pool p = open_pool(&o);
    begin(&s, &o, &p, &err);
    if (load_checkpoint(&s, o.checkpoint, &err)) printf("going on from step %llu\n", (unsigned long long)s.optimiser.n_steps);
    printf("%zu crops, %u teachers, %zu parameters, kernels %s\n", p.count, p.n_teachers, s.optimiser.n_weights,
           ((const oc__kernels *)s.context->kernels)->name);
    double deadline = oc__now() + 60 * o.minutes;
    uint64_t small_end = (uint64_t)(o.small_share * (double)o.steps);
    if (train(&s, &o, &p, small_end, (uint32_t)o.small_side, deadline, &err))
        train(&s, &o, &p, o.steps, (uint32_t)o.side, deadline, &err);
    write_base(&s, &o, &err);
    oc__optimiser_free(&s.optimiser);
    oc__graph_free(&s.graph);
    oc__context_release(s.context);
    return 0;
}
