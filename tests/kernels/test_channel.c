/* Passes over channels and plain vectors against double precision. SPDX-License-Identifier: MIT */
#include "support.h"

enum { X, Y, DY, SCALE, SHIFT, ADD, SUM, SUM2, BEFORE, BEFORE2, MAP_SCALE, MAP_SHIFT };

/* n x channels for pixels from 0 to 5 and channels around every vector and block of vectors. */
#define FOR_SIZES(n, channels, where)                                                                                          \
    for (size_t channels = 1; channels <= 150; channels += channels < 70 ? 1 : 13)                                             \
        for (size_t n = 0; n <= 5; n += n < 1 ? 1 : 2)                                                                         \
            for (side where = 0; where < N_SIDES; where++)

static float *filled(int buffer, side where, size_t n) {
    float *made = guarded(buffer, where, n);
    fill(made, 1, n, 0);
    return made;
}

static float *kept(int buffer, side where, const float *from, size_t n) {
    float *made = guarded(buffer, where, n);
    memcpy(made, from, n * sizeof *from);
    return made;
}

START_TEST(scale_shift) {
    const oc__kernels *kernels = table_at(_i);
    size_t count = 0;

    FOR_SIZES(n, channels, where) {
        const size_t size = n * channels;
        float *x = filled(X, where, size), *add = filled(ADD, where, size), *y = guarded(Y, where, size);
        const float *scale = filled(SCALE, where, channels), *shift = filled(SHIFT, where, channels);
        const float *x_before = kept(BEFORE, where, x, size), *add_before = kept(BEFORE2, where, add, size);
        const bool clamps = count % 2 != 0, adds = count / 2 % 3 != 0;
        const float low = clamps ? -0.5f : -INFINITY, high = clamps ? 0.25f : INFINITY;

        if (count % 5 == 1) y = x;
        if (count % 5 == 2 && adds) y = add;
        count++;
        kernels->scale_shift(n, channels, x, scale, shift, adds ? add : NULL, low, high, y);
        for (size_t i = 0; i < size; i++) {
            const double term = (double)x_before[i] * scale[i % channels], more = adds ? add_before[i] : 0;
            check_near(y[i], clamped(term + shift[i % channels] + more, low, high), 3, 3, "%s: %zu x %zu, y[%zu] is %g",
                       kernels->name, n, channels, i, (double)y[i]);
        }
        check_guarded();
    }
}
END_TEST

START_TEST(channel_sums) {
    const oc__kernels *kernels = table_at(_i);

    FOR_SIZES(n, channels, where) {
        const float *x = filled(X, where, n * channels), *center = filled(SCALE, where, channels);
        float *sum = filled(SUM, where, channels), *squares = filled(SUM2, where, channels);
        const float *sum_before = kept(BEFORE, where, sum, channels), *squares_before = kept(BEFORE2, where, squares, channels);

        kernels->channel_sums(n, channels, x, center, sum, squares);
        for (size_t c = 0; c < channels; c++) {
            double s = sum_before[c], q = squares_before[c];
            for (size_t p = 0; p < n; p++) {
                const double value = x[p * channels + c];
                s += value;
                q += (value - center[c]) * (value - center[c]);
            }
            check_near(sum[c], s, n, n + 1.0, "%s: sum[%zu] of %zu x %zu", kernels->name, c, n, channels);
            check_near(squares[c], q, n + 2, 4.0 * n + 1, "%s: sum_squares[%zu] of %zu x %zu", kernels->name, c, n, channels);
        }
        check_guarded();
    }
}
END_TEST

/* A map on one case in two. Values of x near one of its bounds, where rounding might decide, are moved away. */
static const oc__channel_map *some_map(oc__channel_map *map, side where, size_t n, size_t channels, float *x, size_t count) {
    *map = (oc__channel_map){filled(MAP_SCALE, where, channels), filled(MAP_SHIFT, where, channels), -0.5f, 0.25f};
    for (size_t i = 0; i < n * channels; i++) {
        const double y = (double)x[i] * map->scale[i % channels] + map->shift[i % channels];
        if (fabs(y - map->low) < 1e-5 || fabs(y - map->high) < 1e-5) x[i] = 0;
    }
    return count % 2 ? map : NULL;
}

/* dy where the map is open. */
static double through(double dy, double x, const oc__channel_map *map, size_t c) {
    const double y = map ? x * map->scale[c] + map->shift[c] : 0;
    return !map || (map->low < y && y < map->high) ? dy : 0;
}

START_TEST(channel_gradient_sums) {
    const oc__kernels *kernels = table_at(_i);
    size_t count = 0;

    FOR_SIZES(n, channels, where) {
        float *x = filled(X, where, n * channels);
        const float *dy = filled(DY, where, n * channels), *center = filled(SCALE, where, channels);
        oc__channel_map any;
        const oc__channel_map *map = some_map(&any, where, n, channels, x, count++);
        float *sum = filled(SUM, where, channels), *products = filled(SUM2, where, channels);
        const float *sum_before = kept(BEFORE, where, sum, channels);
        const float *products_before = kept(BEFORE2, where, products, channels);

        kernels->channel_gradient_sums(n, channels, dy, x, map, center, sum, products);
        for (size_t c = 0; c < channels; c++) {
            double s = sum_before[c], q = products_before[c];
            for (size_t p = 0; p < n; p++) {
                const double gradient = through(dy[p * channels + c], x[p * channels + c], map, c);
                s += gradient;
                q += gradient * ((double)x[p * channels + c] - center[c]);
            }
            check_near(sum[c], s, n, n + 1.0, "%s: sum[%zu] of %zu x %zu", kernels->name, c, n, channels);
            check_near(products[c], q, n + 2, 2.0 * n + 1, "%s: sum_products[%zu] of %zu x %zu", kernels->name, c, n, channels);
        }
        check_guarded();
    }
}
END_TEST

START_TEST(channel_gradient) {
    const oc__kernels *kernels = table_at(_i);
    size_t count = 0;

    FOR_SIZES(n, channels, where) {
        const size_t size = n * channels;
        float *x = filled(X, where, size), *dy = filled(DY, where, size), *dx = guarded(Y, where, size);
        oc__channel_map any;
        const oc__channel_map *map = some_map(&any, where, n, channels, x, count / 3);
        const float *x_before = kept(BEFORE, where, x, size), *dy_before = kept(BEFORE2, where, dy, size);
        const float *a = filled(SCALE, where, channels), *b = filled(SHIFT, where, channels), *d = filled(ADD, where, channels);

        if (count % 3 == 1) dx = x;
        if (count % 3 == 2) dx = dy;
        count++;
        kernels->channel_gradient(n, channels, dy, x, map, a, b, d, dx);
        for (size_t i = 0; i < size; i++) {
            const size_t c = i % channels;
            const double expected = through(dy_before[i], x_before[i], map, c) * a[c] + (double)x_before[i] * b[c] + d[c];
            check_near(dx[i], expected, 3, 3, "%s: %zu x %zu, dx[%zu] is %g", kernels->name, n, channels, i, (double)dx[i]);
        }
        check_guarded();
    }
}
END_TEST

START_TEST(vectors) {
    const oc__kernels *kernels = table_at(_i);

    for (size_t n = 0; n <= 150; n++) {
        for (side where = 0; where < N_SIDES; where++) {
            const float *x = filled(X, where, n);
            float *y = filled(Y, where, n);
            const float *before = kept(BEFORE, where, y, n), scale = random_unit();
            double sum = 0;

            for (size_t i = 0; i < n; i++) sum += (double)x[i] * y[i];
            const double dot = kernels->dot(n, x, y);
            check_that(fabs(dot - sum) <= (n + 1.0) * n * DBL_EPSILON, "%s: dot of %zu is %g, not %g", kernels->name, n, dot,
                          sum);
            kernels->add_scaled(n, scale, x, y);
            for (size_t i = 0; i < n; i++) {
                check_near(y[i], before[i] + (double)scale * x[i], 2, 2, "%s: add_scaled of %zu, y[%zu]", kernels->name, n, i);
            }
            check_guarded();
        }
    }
}
END_TEST

START_TEST(clamp_gradient) {
    const oc__kernels *kernels = table_at(_i);
    static const float special[] = {0, 6, -0.0f, NAN, INFINITY, -INFINITY, 3, 5.9999f, 1e-30f, -1};

    for (size_t n = 0; n <= 70; n++) {
        for (side where = 0; where < N_SIDES; where++) {
            float *y = guarded(Y, where, n), *dy = filled(DY, where, n);
            for (size_t i = 0; i < n; i++) y[i] = special[random_size(0, sizeof special / sizeof *special - 1)];
            if (n > 1) dy[n / 2] = NAN;
            const float *before = kept(BEFORE, where, dy, n);
            kernels->clamp_gradient(n, y, 0, 6, dy);
            for (size_t i = 0; i < n; i++) {
                const float expected = 0 < y[i] && y[i] < 6 ? before[i] : 0;
                check_same_bits(&expected, dy + i, 1, "%s: y %g makes %g of %g", kernels->name, (double)y[i], (double)dy[i],
                                (double)before[i]);
            }
            check_guarded();
        }
    }
}
END_TEST

START_TEST(clamp_passes_nan) {
    const oc__kernels *kernels = table_at(_i);

    for (size_t channels = 1; channels <= 40; channels++) {
        float *x = guarded(X, SIDE_END, channels), *scale = guarded(SCALE, SIDE_END, channels);
        float *shift = guarded(SHIFT, SIDE_END, channels), *y = guarded(Y, SIDE_END, channels);
        for (size_t c = 0; c < channels; c++) {
            x[c] = c % 3 == 0 ? NAN : c % 3 == 1 ? INFINITY : -INFINITY;
            scale[c] = 1;
            shift[c] = 0;
        }
        kernels->scale_shift(1, channels, x, scale, shift, NULL, 0, 6, y);
        for (size_t c = 0; c < channels; c++) {
            check_that(c % 3 == 0 ? isnan(y[c]) : y[c] == (c % 3 == 1 ? 6 : 0), "%s: %g became %g", kernels->name,
                          (double)x[c], (double)y[c]);
        }
    }
}
END_TEST

int main(void) {
    const kernel_test tests[] = {{scale_shift}, {channel_sums},   {channel_gradient_sums}, {channel_gradient},
                                 {vectors},     {clamp_gradient}, {clamp_passes_nan}};
    return run_tests("channel", tests, sizeof tests / sizeof *tests);
}
