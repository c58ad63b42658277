/* Domains. SPDX-License-Identifier: MIT
 *
 * Names and identifiers are those of the cloud service. A row that sets nothing was measured (docs/benchmarks.md) or could not
 * be, and is the general one under another name: it says so. */
#include "domain.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

#define SAME "as General: no gain of settings of its own was measured"

static const oc_domain table[] = {
    {sizeof *table, 0, "ee85a74c-405e-4adc-bb47-ffa8ca0c9f31", "General", "", "for most pictures"},
    {sizeof *table, 0, "a8e3c40f-fb4a-466f-832a-5e457ae4a344", "General [A1]", "minutes=15",
     "more accurate and slower to train: the base network is fine-tuned, if that is better"},
    {sizeof *table, 0, "2e37d7fb-3a54-486a-b4d6-cfc369af0018", "General [A2]", "size=224",
     "faster: the side of the input is not chosen by what suits the pictures"},
    {sizeof *table, 0, "c151d5b5-dd07-472a-acc8-15d29dea8518", "Food", "", SAME},
    {sizeof *table, 0, "ca455789-012d-4b50-9fec-5bb63841c793", "Landmarks", "", SAME},
    {sizeof *table, 0, "b30a91ae-e3c1-4f73-a81e-c270bff27c39", "Retail", "", SAME},
    {sizeof *table, 0, "0732100f-1a38-4e49-a514-c9b44c697ab5", "General (compact)", "base=compact",
     "for small and slow machines: a fourth of the time, and less accurate"},
    {sizeof *table, 0, "a1db07ca-a19a-4830-bae8-e004a42dc863", "General (compact) [S1]", "",
     "as General, whose models are small enough to be exported"},
    {sizeof *table, 0, "b5cfd229-2ac7-4b2b-8d0a-2b0661344894", "Landmarks (compact)", "base=compact", "as General (compact)"},
    {sizeof *table, 0, "6b4faeda-8396-481b-9f8b-177b9fa3097f", "Retail (compact)", "base=compact", "as General (compact)"},
    {sizeof *table, 1, "da2e3a8a-40a5-4171-82f4-58522f70fbc1", "General", "", "for most pictures"},
    {sizeof *table, 1, "9c616dff-2e7d-ea11-af59-1866da359ce6", "General [A1]", "", SAME},
    {sizeof *table, 1, "1d8ffafe-ec40-4fb2-8f90-72b3b6cecea4", "Logo", "", SAME},
    {sizeof *table, 1, "3780a898-81c3-4516-81ae-3a139614e1f3", "Products on shelves", "", SAME},
    {sizeof *table, 1, "a27d5ca5-bb19-49d8-a70a-fec086c47f5b", "General (compact)", "base=compact",
     "for small and slow machines: faster, and less accurate"},
    {sizeof *table, 1, "7ec2ac80-887b-48a6-8df9-8b1357765430", "General (compact) [S1]", "base=compact", "as General (compact)"},
};
#define N_DOMAINS (sizeof table / sizeof *table)

oc_status oc__domain(oc_domain *out, size_t index, oc_error *err) {
    if (index >= N_DOMAINS) return oc__fail(err, OC_E_NOT_FOUND, "there are %zu domains", N_DOMAINS);
    *out = table[index];
    return OC_OK;
}

/* The next letter or digit from *text on, as a small one; NUL at the end. */
static int next_sign(const char **text) {
    for (; **text; (*text)++) {
        int c = (unsigned char)**text;
        if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80) {
            (*text)++;
            return c;
        }
    }
    return 0;
}

static bool is_same(const char *a, const char *b) {
    int sign;
    while ((sign = next_sign(&a)) == next_sign(&b))
        if (!sign) return true;
    return false;
}

oc_status oc__domain_find(oc_domain *out, const char *text, bool detection, oc_error *err) {
    char names[400] = "";
    for (size_t i = 0; i < N_DOMAINS; i++) {
        if ((table[i].detection != 0) != detection) continue;
        if (is_same(text, table[i].name) || is_same(text, table[i].id)) {
            *out = table[i];
            return OC_OK;
        }
        size_t n = strlen(names);
        snprintf(names + n, sizeof names - n, "%s%s", n ? ", " : "", table[i].name);
    }
    return oc__fail(err, OC_E_NOT_FOUND, "there is no domain '%.60s' for %s; there are: %s", text,
                    detection ? "detection" : "classification", names);
}
