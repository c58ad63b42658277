/* Passes over channels and plain vectors, for every instruction set. SPDX-License-Identifier: MIT */

void SET(scale_shift)(size_t n, size_t channels, const float *x, const float *scale, const float *shift, const float *add,
                      float low, float high, float *y) {
    const vec lowest = vec_set(low), highest = vec_set(high);

#define SCALE_SHIFT(LOAD, STORE)                                                                                               \
    STORE(y + i, vec_clamp(vec_fma(LOAD(x + i), LOAD(scale + i), LOAD(shift + i)), lowest, highest))
#define SCALE_SHIFT_ADD(LOAD, STORE)                                                                                           \
    STORE(y + i,                                                                                                               \
          vec_clamp(vec_add(vec_fma(LOAD(x + i), LOAD(scale + i), LOAD(shift + i)), LOAD(add + i)), lowest, highest))
    if (add) {
        for (size_t p = 0; p < n; p++, x += channels, add += channels, y += channels) FOR_VECTORS(channels, SCALE_SHIFT_ADD);
    } else {
        for (size_t p = 0; p < n; p++, x += channels, y += channels) FOR_VECTORS(channels, SCALE_SHIFT);
    }
}

/* Channels are summed a block of so many vectors at a time: enough independent sums to keep the adders busy. */
#define SUM_VECTORS 4

INLINE void channel_sums(size_t n, size_t channels, const float *x, const float *center, float *sum, float *sum_squares,
                         const size_t vectors, const vec_mask *mask) {
    vec s[SUM_VECTORS], q[SUM_VECTORS], middle[SUM_VECTORS];

    UNROLL for (size_t v = 0; v < vectors; v++) {
        s[v] = q[v] = vec_zero();
        middle[v] = mask ? vec_load_masked(center, *mask) : vec_load(center + v * LANES);
    }
    for (size_t p = 0; p < n; p++, x += channels) {
        UNROLL for (size_t v = 0; v < vectors; v++) {
            const vec value = mask ? vec_load_masked(x, *mask) : vec_load(x + v * LANES);
            const vec distance = vec_sub(value, middle[v]);
            s[v] = vec_add(s[v], value);
            q[v] = vec_fma(distance, distance, q[v]);
        }
    }
    UNROLL for (size_t v = 0; v < vectors; v++) {
        if (mask) {
            vec_store_masked(sum, vec_add(vec_load_masked(sum, *mask), s[v]), *mask);
            vec_store_masked(sum_squares, vec_add(vec_load_masked(sum_squares, *mask), q[v]), *mask);
        } else {
            vec_store(sum + v * LANES, vec_add(vec_load(sum + v * LANES), s[v]));
            vec_store(sum_squares + v * LANES, vec_add(vec_load(sum_squares + v * LANES), q[v]));
        }
    }
}

void SET(channel_sums)(size_t n, size_t channels, const float *x, const float *center, float *sum, float *sum_squares) {
    size_t c = 0;

    for (; c + SUM_VECTORS * LANES <= channels; c += SUM_VECTORS * LANES) {
        channel_sums(n, channels, x + c, center + c, sum + c, sum_squares + c, SUM_VECTORS, NULL);
    }
    for (; c + LANES <= channels; c += LANES) {
        channel_sums(n, channels, x + c, center + c, sum + c, sum_squares + c, 1, NULL);
    }
    if (c < channels) {
        const vec_mask mask = vec_first(channels - c);
        channel_sums(n, channels, x + c, center + c, sum + c, sum_squares + c, 1, &mask);
    }
}

INLINE void channel_gradient_sums(size_t n, size_t channels, const float *dy, const float *x, const oc__channel_map *map,
                                  const float *center, float *sum, float *sum_products, const size_t c, const size_t vectors,
                                  const vec_mask *mask) {
    vec s[SUM_VECTORS], q[SUM_VECTORS], middle[SUM_VECTORS], scale[SUM_VECTORS], shift[SUM_VECTORS];
    const vec low = vec_set(map ? map->low : 0), high = vec_set(map ? map->high : 0);

#define LOAD_CHANNELS(from) (mask ? vec_load_masked((from) + c, *mask) : vec_load((from) + c + v * LANES))
    UNROLL for (size_t v = 0; v < vectors; v++) {
        s[v] = q[v] = vec_zero();
        middle[v] = LOAD_CHANNELS(center);
        scale[v] = map ? LOAD_CHANNELS(map->scale) : vec_zero();
        shift[v] = map ? LOAD_CHANNELS(map->shift) : vec_zero();
    }
    for (size_t p = 0; p < n; p++, dy += channels, x += channels) {
        UNROLL for (size_t v = 0; v < vectors; v++) {
            vec gradient = LOAD_CHANNELS(dy);
            const vec value = LOAD_CHANNELS(x);
            if (map) gradient = vec_where_inside(gradient, vec_fma(value, scale[v], shift[v]), low, high);
            s[v] = vec_add(s[v], gradient);
            q[v] = vec_fma(gradient, vec_sub(value, middle[v]), q[v]);
        }
    }
    UNROLL for (size_t v = 0; v < vectors; v++) {
        s[v] = vec_add(LOAD_CHANNELS(sum), s[v]);
        q[v] = vec_add(LOAD_CHANNELS(sum_products), q[v]);
        if (mask) {
            vec_store_masked(sum + c, s[v], *mask);
            vec_store_masked(sum_products + c, q[v], *mask);
        } else {
            vec_store(sum + c + v * LANES, s[v]);
            vec_store(sum_products + c + v * LANES, q[v]);
        }
    }
}

INLINE void all_gradient_sums(size_t n, size_t channels, const float *dy, const float *x, const oc__channel_map *map,
                              const float *center, float *sum, float *sum_products) {
    size_t c = 0;

    for (; c + SUM_VECTORS * LANES <= channels; c += SUM_VECTORS * LANES) {
        channel_gradient_sums(n, channels, dy, x, map, center, sum, sum_products, c, SUM_VECTORS, NULL);
    }
    for (; c + LANES <= channels; c += LANES) {
        channel_gradient_sums(n, channels, dy, x, map, center, sum, sum_products, c, 1, NULL);
    }
    if (c < channels) {
        const vec_mask mask = vec_first(channels - c);
        channel_gradient_sums(n, channels, dy, x, map, center, sum, sum_products, c, 1, &mask);
    }
}

void SET(channel_gradient_sums)(size_t n, size_t channels, const float *dy, const float *x, const oc__channel_map *map,
                                const float *center, float *sum, float *sum_products) {
    if (map) all_gradient_sums(n, channels, dy, x, map, center, sum, sum_products);
    else all_gradient_sums(n, channels, dy, x, NULL, center, sum, sum_products);
}

void SET(clamp_gradient)(size_t n, const float *y, float low, float high, float *dy) {
    const vec lowest = vec_set(low), highest = vec_set(high);

#define CLAMP_GRADIENT(LOAD, STORE) STORE(dy + i, vec_where_inside(LOAD(dy + i), LOAD(y + i), lowest, highest))
    FOR_VECTORS(n, CLAMP_GRADIENT);
}

void SET(channel_gradient)(size_t n, size_t channels, const float *dy, const float *x, const oc__channel_map *map,
                           const float *a, const float *b, const float *d, float *dx) {
#define AFFINE(gradient, LOAD) vec_fma(gradient, LOAD(a + i), vec_fma(LOAD(x + i), LOAD(b + i), LOAD(d + i)))
#define CHANNEL_GRADIENT(LOAD, STORE) STORE(dx + i, AFFINE(LOAD(dy + i), LOAD))
#define CHANNEL_GRADIENT_INSIDE(LOAD, STORE)                                                                                   \
    STORE(dx + i, AFFINE(vec_where_inside(LOAD(dy + i), vec_fma(LOAD(x + i), LOAD(scale + i), LOAD(shift + i)), low, high),    \
                         LOAD))
    if (map) {
        const float *scale = map->scale, *shift = map->shift;
        const vec low = vec_set(map->low), high = vec_set(map->high);
        for (size_t p = 0; p < n; p++, dy += channels, x += channels, dx += channels) {
            FOR_VECTORS(channels, CHANNEL_GRADIENT_INSIDE);
        }
    } else {
        for (size_t p = 0; p < n; p++, dy += channels, x += channels, dx += channels) FOR_VECTORS(channels, CHANNEL_GRADIENT);
    }
}

void SET(add_scaled)(size_t n, float scale, const float *x, float *y) {
    const vec factor = vec_set(scale);

#define ADD_SCALED(LOAD, STORE) STORE(y + i, vec_fma(factor, LOAD(x + i), LOAD(y + i)))
    FOR_VECTORS(n, ADD_SCALED);
}

double SET(dot)(size_t n, const float *x, const float *y) {
    vec_double sum[4] = {vec_double_zero(), vec_double_zero(), vec_double_zero(), vec_double_zero()};
    double parts[4 * DOUBLE_LANES], total = 0;
    size_t i = 0;

    for (; i + 2 * LANES <= n; i += 2 * LANES) {
        vec_dot(sum, vec_load(x + i), vec_load(y + i));
        vec_dot(sum + 2, vec_load(x + i + LANES), vec_load(y + i + LANES));
    }
    for (; i < n; i += LANES) {
        const vec_mask mask = vec_first(n - i < LANES ? n - i : LANES);
        vec_dot(sum, vec_load_masked(x + i, mask), vec_load_masked(y + i, mask));
    }
    for (size_t part = 0; part < 4; part++) vec_double_store(parts + part * DOUBLE_LANES, sum[part]);
    for (size_t part = 0; part < 4 * DOUBLE_LANES; part++) total += parts[part];
    return total;
}
