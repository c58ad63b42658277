/* Hashes. SPDX-License-Identifier: MIT */
#ifndef OC_CORE_HASH_H
#define OC_CORE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* CRC-32 (ISO-HDLC, as in PNG and gzip), continued from `crc`; 0 to begin. */
uint32_t oc__crc32(uint32_t crc, const void *data, size_t size);

/* 64 bits that tell different contents apart; not against someone who wants them equal. Continued from `hash`; 0 to begin. */
uint64_t oc__hash64(uint64_t hash, const void *data, size_t size);

/* SHA-256 (FIPS 180-4). */
typedef struct oc__sha256 {
    uint32_t state[8];
    uint64_t n_bytes;
    uint8_t block[64];
} oc__sha256;

void oc__sha256_begin(oc__sha256 *hash);
void oc__sha256_add(oc__sha256 *hash, const void *data, size_t size);
void oc__sha256_end(oc__sha256 *hash, uint8_t digest[32]);

/* 64 hexadecimal digits and NUL. */
void oc__sha256_hex(char out[65], const uint8_t digest[32]);

/* The digest that 64 digits, in lower case, stand for; false if they are none. What follows them is not looked at. */
bool oc__sha256_parse(uint8_t digest[32], const char *digits);

/* The digits for these bytes. */
void oc__sha256_of(char out[65], const void *data, size_t size);

#endif
