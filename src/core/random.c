/* Seeded random numbers, the same on every machine. SPDX-License-Identifier: MIT */
#include "random.h"

#include <math.h>

static uint64_t splitmix64(uint64_t *x) {
    uint64_t z = (*x += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

void oc__random_seed(oc__random *random, uint64_t seed, uint64_t stream) {
    uint64_t mixed = stream, x = seed ^ splitmix64(&mixed);
    for (int i = 0; i < 4; i++) random->state[i] = splitmix64(&x);
}

static uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

uint64_t oc__random_next(oc__random *random) {
    uint64_t *s = random->state, result = rotate(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t oc__random_below(oc__random *random, uint64_t n) {
    uint64_t excess = -n % n, x; /* 2^64 mod n numbers at the bottom are thrown away */
    do x = oc__random_next(random);
    while (x < excess);
    return x % n;
}

double oc__random_unit(oc__random *random) { return (double)(oc__random_next(random) >> 11) * 0x1p-53; }

double oc__random_between(oc__random *random, double low, double high) { return low + (high - low) * oc__random_unit(random); }

double oc__random_normal(oc__random *random) {
    double u = 1.0 - oc__random_unit(random), v = oc__random_unit(random); /* Box and Muller 1958 */
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * v);
}

void oc__random_shuffle(oc__random *random, uint32_t *items, size_t n) {
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)oc__random_below(random, i);
        uint32_t item = items[i - 1];
        items[i - 1] = items[j];
        items[j] = item;
    }
}
