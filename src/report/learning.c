/* What more pictures would bring. SPDX-License-Identifier: MIT
 *
 * Errors fall as a power of the number of pictures (Hestness et al. 2017, Deep Learning Scaling is Predictable, Empirically), a
 * line of logarithms, which is fitted to what was measured. */
#include "learning.h"

#include <math.h>
#include <string.h>

#include "text.h"

/* The points of "n:accuracy n:accuracy ...", by rising n; 0 if it is anything else. */
static uint32_t read_points(oc_learning_point *out, const char *text) {
    uint32_t n = 0;
    while (*text) {
        oc_learning_point point = {sizeof point, 1, 0, 0};
        char part[64], *colon;
        size_t size = strcspn(text, " ");
        if (size >= sizeof part || n == OC__MAX_LEARNING - 1) return 0;
        memcpy(part, text, size);
        part[size] = 0;
        text += size + (text[size] == ' ');
        if (!(colon = strchr(part, ':'))) return 0;
        *colon = 0;
        if (!oc__parse_u64(part, &point.n_pictures) || !oc__parse_double(colon + 1, &point.accuracy) ||
            !(point.accuracy >= 0) || point.accuracy > 1 || point.n_pictures <= (n ? out[n - 1].n_pictures : 0))
            return 0;
        out[n++] = point;
    }
    return n;
}

/* How fast the error's logarithm falls with that of the number of pictures; at least 0. */
static double slope_of(const oc_learning_point *points, uint32_t n) {
    double sum_x = 0, sum_y = 0, xx = 0, xy = 0;
    for (uint32_t i = 0; i < n; i++) {
        double x = log((double)points[i].n_pictures);
        double y = log(fmax(1 - points[i].accuracy, 0.5 / (double)points[i].n_pictures));
        sum_x += x;
        sum_y += y;
        xx += x * x;
        xy += x * y;
    }
    double spread = xx - sum_x * sum_x / n;
    return spread > 0 ? fmax((sum_x * sum_y / n - xy) / spread, 0) : 0;
}

uint32_t oc__learning_of(oc_learning_point out[OC__MAX_LEARNING], const oc_model *model) {
    const char *text = oc__model_property(model, "learning_curve");
    uint32_t n = text ? read_points(out, text) : 0;
    if (n < 2) return 0;
    out[n] = (oc_learning_point){sizeof *out, 0, 2 * out[n - 1].n_pictures,
                                 1 - (1 - out[n - 1].accuracy) * pow(2, -slope_of(out, n))};
    return n + 1;
}
