/* Random identifiers. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "uuid.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

/* 8-4-4-4-12 digits. */
static bool is_dash(size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

oc_status oc__uuid_create(char out[OC_ID_SIZE], oc_error *err) {
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[16];
    out[0] = 0;
    for (size_t n = 0; n < sizeof bytes;) {
        ssize_t got = getrandom(bytes + n, sizeof bytes - n, 0);
        if (got < 0 && errno != EINTR)
            return oc__fail(err, OC_E_IO, "an identifier: the operating system gives no random numbers: %s", strerror(errno));
        if (got > 0) n += (size_t)got;
    }
    bytes[6] = (uint8_t)((bytes[6] & 0x0F) | 0x40); /* version 4 */
    bytes[8] = (uint8_t)((bytes[8] & 0x3F) | 0x80); /* the variant of RFC 9562 */
    for (size_t i = 0, n = 0; i < OC_ID_SIZE - 1; i++) {
        if (is_dash(i)) {
            out[i] = '-';
            continue;
        }
        out[i] = digits[n % 2 ? bytes[n / 2] & 15 : bytes[n / 2] >> 4];
        n++;
    }
    out[OC_ID_SIZE - 1] = 0;
    return OC_OK;
}

bool oc__uuid_valid(const char *text) {
    for (size_t i = 0; i < OC_ID_SIZE - 1; i++)
        if (is_dash(i) ? text[i] != '-' : !isxdigit((unsigned char)text[i])) return false;
    return text[OC_ID_SIZE - 1] == 0;
}
