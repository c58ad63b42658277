/* Winograd's minimal filtering for 3x3 convolutions (Lavin and Gray 2016): the matrices. SPDX-License-Identifier: MIT
 *
 * F(m x m, 3 x 3) makes m x m outputs from a tile of side x side inputs, side = m + 2: both the tile and the filter are
 * transformed to side x side points, multiplied point by point, summed over channels and transformed back.
 *     points of the input = B d B', of the filter = G g G', outputs = A points A'
 * The gradient by the filter runs the same way back: G' (A' y A times B d B', summed over tiles) G, y the outputs' gradient.
 */
#ifndef OC_KERNELS_WINOGRAD_H
#define OC_KERNELS_WINOGRAD_H

/* m = 4 evaluates polynomials at 0, A, -A, B, -B and infinity. Roundings are about half of those with the usual 1 and 2. */
#define OC__WINOGRAD_A 0.625f
#define OC__WINOGRAD_B 1.5f
#define OC__WINOGRAD_A2 (OC__WINOGRAD_A * OC__WINOGRAD_A)
#define OC__WINOGRAD_B2 (OC__WINOGRAD_B * OC__WINOGRAD_B)
/* The product of a point's distances to the others. */
#define OC__WINOGRAD_AT_A (2.0f * OC__WINOGRAD_A2 * (OC__WINOGRAD_A2 - OC__WINOGRAD_B2))
#define OC__WINOGRAD_AT_B (2.0f * OC__WINOGRAD_B2 * (OC__WINOGRAD_B2 - OC__WINOGRAD_A2))

#define OC__WINOGRAD_MAX_SIDE 6
#define OC__WINOGRAD_MAX_POINTS 36

extern const float oc__winograd_input_2[16], oc__winograd_input_4[36];    /* B: side x side */
extern const float oc__winograd_output_2[8], oc__winograd_output_4[24];   /* A: m x side */
extern const float oc__winograd_filter_2[12], oc__winograd_filter_4[18];  /* G: side x 3 */

#endif
