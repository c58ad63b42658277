/* Seeded random numbers, the same on every machine. SPDX-License-Identifier: MIT */
#ifndef OC_CORE_RANDOM_H
#define OC_CORE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* xoshiro256++ (Blackman and Vigna 2019), seeded by splitmix64. */
typedef struct oc__random {
    uint64_t state[4];
} oc__random;

/* Streams of the same seed are independent of each other. */
void oc__random_seed(oc__random *random, uint64_t seed, uint64_t stream);
uint64_t oc__random_next(oc__random *random);
uint64_t oc__random_below(oc__random *random, uint64_t n); /* 0 to n-1, unbiased; n > 0 */
double oc__random_unit(oc__random *random);                /* [0, 1) */
double oc__random_between(oc__random *random, double low, double high); /* [low, high) */
double oc__random_normal(oc__random *random);              /* mean 0, deviation 1 */
void oc__random_shuffle(oc__random *random, uint32_t *items, size_t n);

#endif
