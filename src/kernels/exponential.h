/* How exponentials are computed. SPDX-License-Identifier: MIT
 *
 * exp(x) = 2^n exp(r), n the whole number nearest to x / ln 2 and r the rest, at most ln(2) / 2 in size. ln 2 is taken in two
 * parts (Cody and Waite 1980), the first so short that its product with n is exact. exp(r) - 1 is the Taylor series up to
 * r^7 / 7!, whose error is below a tenth of a unit in the last place. */
#ifndef OC_KERNELS_EXPONENTIAL_H
#define OC_KERNELS_EXPONENTIAL_H

#define OC__EXP_LOWEST (-104.0f) /* below, exp is 0 in single precision */
#define OC__EXP_HIGHEST 89.0f    /* above, infinite */
#define OC__EXP_LOG2_E 1.44269504f
#define OC__EXP_LN2_FIRST 0.693359375f
#define OC__EXP_LN2_SECOND (-2.12194440e-4f)
#define OC__EXP_TERMS 7

/* 1 / 7!, 1 / 6!, ... 1 / 1! */
static const float oc__exp_terms[OC__EXP_TERMS] = {1.0f / 5040, 1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f};

#endif
