/* Text, numbers, random numbers, hashes. SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "random.h"
#include "support.h"
#include "text.h"

/* All strings of one and two bytes, and for three and four bytes all that matter, against the definition: a character is
 * well-formed if it is what encoding its code point gives. */
static bool well_formed(const unsigned char *p, size_t n) {
    for (size_t i = 0; i < n;) {
        uint32_t code;
        size_t length = p[i] < 0x80 ? 1 : (p[i] & 0xE0) == 0xC0 ? 2 : (p[i] & 0xF0) == 0xE0 ? 3 : (p[i] & 0xF8) == 0xF0 ? 4 : 0;
        static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
        if (!length || i + length > n) return false;
        code = length == 1 ? p[i] : p[i] & (0xFFu >> (length + 1));
        for (size_t j = 1; j < length; j++) {
            if ((p[i + j] & 0xC0) != 0x80) return false;
            code = code << 6 | (p[i + j] & 0x3F);
        }
        if (code < least[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
        i += length;
    }
    return true;
}

START_TEST(test_utf8) {
    static const unsigned char bytes[] = {0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF,
        0xE0, 0xE1,
                                          0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF7, 0xF8, 0xFC, 0xFE, 0xFF};
    unsigned char p[4];
    ck_assert(oc__utf8_valid("", 0));
    for (unsigned a = 0; a < 256; a++) {
        p[0] = (unsigned char)a;
        check_that(oc__utf8_valid((char *)p, 1) == well_formed(p, 1), "%02x", a);
        for (unsigned b = 0; b < 256; b++) {
            p[1] = (unsigned char)b;
            check_that(oc__utf8_valid((char *)p, 2) == well_formed(p, 2), "%02x %02x", a, b);
            for (size_t c = 0; c < sizeof bytes; c++) {
                p[2] = bytes[c];
                check_that(oc__utf8_valid((char *)p, 3) == well_formed(p, 3), "%02x %02x %02x", a, b, p[2]);
                for (size_t d = 0; d < sizeof bytes; d++) {
                    p[3] = bytes[d];
                    check_that(oc__utf8_valid((char *)p, 4) == well_formed(p, 4), "%02x %02x %02x %02x", a, b, p[2], p[3]);
                }
            }
        }
    }
}
END_TEST

START_TEST(test_tag) {
    char text[300];
    memset(text, 'a', sizeof text);
    text[256] = 0;
    ck_assert(oc__tag_valid(text));
    text[256] = 'a';
    text[257] = 0;
    ck_assert(!oc__tag_valid(text));
    ck_assert(!oc__tag_valid(""));
    ck_assert(oc__tag_valid(" "));
    ck_assert(oc__tag_valid("gr\xC3\xBC" "n"));
    ck_assert(!oc__tag_valid("gr\xFCn"));
    for (char c = 1; c < 0x20; c++) ck_assert(!oc__tag_valid((char[]){'a', c, 0}));
    ck_assert(!oc__tag_valid("a\x7F"));
}
END_TEST

static void check_numbers(void) {
    static const struct {
        const char *text;
        bool valid;
        double value;
    } cases[] = {{"0", 1, 0},          {"-1.5", 1, -1.5},   {"+2", 1, 2},       {"1e3", 1, 1000}, {"1E-3", 1, 0.001}, {".5",
        1, 0.5},
                 {"5.", 1, 5},         {"0.1", 1, 0.1},     {"1e308", 1, 1e308}, {"", 0, 0},       {" 1", 0, 0},
                           {"1 ", 0, 0},
                 {"1,5", 0, 0},        {"inf", 0, 0},       {"nan", 0, 0},      {"0x10", 0, 0},   {"1e999", 0, 0},
                        {"-1e999", 0, 0},
                 {"1e", 0, 0},         {".", 0, 0},         {"-", 0, 0},        {"1.2.3", 0, 0},  {"1-1", 0, 0},
                          {"1e5e5", 0, 0},
                 {"1\n", 0, 0},        {"--1", 0, 0},       {"infinity", 0, 0}, {"e5", 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double value = 77;
        check_that(oc__parse_double(cases[i].text, &value) == cases[i].valid, "'%s'", cases[i].text);
        check_that(value == (cases[i].valid ? cases[i].value : 77), "'%s' is %g", cases[i].text, value);
    }
    static const struct {
        double value;
        const char *text;
    } printed[] = {{0, "0"},       {1.5, "1.5"},     {-2.25, "-2.25"}, {0.1, "0.1"},           {1e-5, "1e-05"},
                   {1e100, "1e+100"}, {1.0 / 3, "0.3333333333333333"}, {123456789, "123456789"}, {INFINITY, "inf"}};
    for (size_t i = 0; i < sizeof printed / sizeof *printed; i++) {
        char text[32];
        oc__print_double(text, printed[i].value);
        ck_assert_str_eq(text, printed[i].text);
    }
    oc__random random;
    oc__random_seed(&random, 5, 5);
    for (int i = 0; i < 4000; i++) {
        uint64_t bits = oc__random_next(&random);
        double value, back;
        char text[32];
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        oc__print_double(text, value);
        check_that(strlen(text) < 32 && oc__parse_double(text, &back) && back == value, "%a as '%s'", value, text);
    }
    const double extremes[] = {DBL_MAX, -DBL_MAX, DBL_MIN, DBL_TRUE_MIN, -DBL_TRUE_MIN, DBL_EPSILON};
    for (size_t i = 0; i < sizeof extremes / sizeof *extremes; i++) {
        char text[32];
        double back;
        oc__print_double(text, extremes[i]);
        check_that(oc__parse_double(text, &back) && back == extremes[i], "%a as '%s'", extremes[i], text);
    }
}

START_TEST(test_numbers) { check_numbers(); }
END_TEST

/* A locale with a decimal comma: one that is there, or one made for the test. */
START_TEST(test_numbers_with_comma) {
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE", "de_DE.ISO-8859-1"};
    const char *name = NULL;
    char *folder = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && !name; i++) name = setlocale(LC_ALL, names[i]);
    if (!name) {
        char command[5000];
        folder = new_folder();
        snprintf(command, sizeof command, "localedef -c -i de_DE -f UTF-8 '%s/de_DE.UTF-8' >/dev/null 2>&1", folder);
        int made = system(command);
        setenv("LOCPATH", folder, 1);
        name = setlocale(LC_ALL, "de_DE.UTF-8");
        if (!name) fprintf(stderr, "SKIPPED: no locale with a decimal comma is there, and localedef makes none (%d)\n", made);
    }
    if (name) {
        char text[32];
        snprintf(text, sizeof text, "%.1f", 0.5);
        ck_assert_str_eq(text, "0,5"); /* it is in force */
        check_numbers();
        snprintf(text, sizeof text, "%.1f", 0.5);
        ck_assert_str_eq(text, "0,5"); /* and still is */
    }
    setlocale(LC_ALL, "C");
    if (folder) remove_folder(folder);
}
END_TEST

START_TEST(test_integers) {
    static const struct {
        const char *text;
        bool valid;
        uint64_t value;
    } cases[] = {{"0", 1, 0}, {"007", 1, 7}, {"18446744073709551615", 1, UINT64_MAX}, {"18446744073709551616", 0, 0},
                 {"99999999999999999999", 0, 0}, {"", 0, 0}, {"-1", 0, 0}, {"+1", 0, 0}, {" 1", 0, 0}, {"1 ", 0, 0}, {"1.0",
                     0, 0},
                 {"1e3", 0, 0}, {"0x1", 0, 0}, {"\xD9\xA1", 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t value = 77;
        check_that(oc__parse_u64(cases[i].text, &value) == cases[i].valid, "'%s'", cases[i].text);
        check_that(value == (cases[i].valid ? cases[i].value : 77), "'%s'", cases[i].text);
    }
}
END_TEST

/* These numbers never change: models are reproduced from them. The first come from an independent implementation of the
 * published algorithms. */
START_TEST(test_random_for_ever) {
    static const struct {
        uint64_t seed, stream, first[4];
    } cases[] = {
        {0u, 0u, {0x84f09bf307c1073au, 0xc82ffb597ceee51bu, 0xadf96905c5df4417u, 0xe9d9a8489d042c93u}},
        {1u, 0u, {0x4887886c7244e091u, 0x4cfafb3b6cc3ea99u, 0xfbce21167403a2c1u, 0x2a5a56f477b61858u}},
        {0u, 1u, {0x704560ced7cc0501u, 0x4eef90036c89c53au, 0xdce05af2ba1364d7u, 0xe019c82160dbbf4cu}},
        {12345u, 678u, {0xef0443a4e5924ca4u, 0x474722dffe8ea5ecu, 0x0138c67a44c50bfau, 0xd30b1f526a1b9f4bu}},
        {0xffffffffffffffffu, 5u, {0x84033b669d127386u, 0x0214885fa3a7d659u, 0xac4ea263eec7c427u, 0xb4a7c381e5bbe49eu}}
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        oc__random random;
        oc__random_seed(&random, cases[i].seed, cases[i].stream);
        for (int j = 0; j < 4; j++) {
            uint64_t got = oc__random_next(&random);
            check_that(got == cases[i].first[j], "case %zu, number %d: 0x%016llx", i, j, (unsigned long long)got);
        }
    }
    oc__random random;
    uint32_t items[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    static const uint32_t shuffled[8] = {4, 7, 6, 0, 5, 2, 3, 1};
    oc__random_seed(&random, 7, 0);
    oc__random_shuffle(&random, items, 8);
    for (int i = 0; i < 8; i++) ck_assert_uint_eq(items[i], shuffled[i]);
    oc__random_seed(&random, 7, 1);
    ck_assert_msg(oc__random_unit(&random) == 0x1.a701008f59d7cp-1, "unit");
    ck_assert_msg(fabs(oc__random_normal(&random) - -1.3612216847757759) < 1e-14, "normal");
}
END_TEST

START_TEST(test_random_is_fair) {
    oc__random random;
    oc__random_seed(&random, 1, 2);
    for (uint64_t n = 1; n < 20; n++) {
        int counts[20] = {0}, draws = 20000;
        double chi = 0, expected = (double)draws / (double)n;
        for (int i = 0; i < draws; i++) {
            uint64_t x = oc__random_below(&random, n);
            check_that(x < n, "%llu of %llu", (unsigned long long)x, (unsigned long long)n);
            counts[x]++;
        }
        for (uint64_t k = 0; k < n; k++) chi += (counts[k] - expected) * (counts[k] - expected) / expected;
        check_that(chi < (double)n + 6 * sqrt(2.0 * (double)n), "below %llu: chi squared %g", (unsigned long long)n, chi);
    }
    /* Three quarters of all numbers: a plain remainder would give the lower third twice as often. */
    uint64_t large = 3ull << 62;
    int low = 0;
    for (int i = 0; i < 30000; i++) low += oc__random_below(&random, large) < large / 3;
    ck_assert_int_gt(low, 9500);
    ck_assert_int_lt(low, 10500);
    ck_assert_uint_lt(oc__random_below(&random, UINT64_MAX), UINT64_MAX);
    double sum = 0, squares = 0, least = 1, most = 0;
    for (int i = 0; i < 100000; i++) {
        double u = oc__random_unit(&random), g = oc__random_normal(&random);
        least = u < least ? u : least;
        most = u > most ? u : most;
        check_that(isfinite(g), "normal");
        sum += g;
        squares += g * g;
    }
    ck_assert(least >= 0 && least < 1e-3 && most < 1 && most > 0.999);
    ck_assert(fabs(sum / 100000) < 0.02 && fabs(squares / 100000 - 1) < 0.02);
    uint32_t places[5][5] = {{0}};
    for (int i = 0; i < 10000; i++) {
        uint32_t items[5] = {0, 1, 2, 3, 4};
        oc__random_shuffle(&random, items, 5);
        for (int j = 0; j < 5; j++) places[j][items[j]]++;
    }
    for (int i = 0; i < 25; i++) ck_assert(places[i / 5][i % 5] > 1750 && places[i / 5][i % 5] < 2250);
    oc__random_shuffle(&random, NULL, 0);
}
END_TEST

static void check_digest(const char *data, size_t size, size_t piece, const char *expected) {
    oc__sha256 hash;
    uint8_t digest[32];
    char hex[65];
    oc__sha256_begin(&hash);
    for (size_t at = 0; at < size; at += piece) oc__sha256_add(&hash, data + at, size - at < piece ? size - at : piece);
    oc__sha256_add(&hash, NULL, 0);
    oc__sha256_end(&hash, digest);
    oc__sha256_hex(hex, digest);
    ck_assert_str_eq(hex, expected);
}

START_TEST(test_sha256) {
    static const struct {
        size_t size; /* of that many 'a' */
        const char *digest;
    } cases[] = {
        {0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {1, "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"},
        {55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
        {56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
        {57, "f13b2d724659eb3bf47f2dd6af1accc87b81f09f59f2b75e5c0bed6589dfe8c6"},
        {63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
        {64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
        {65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"},
        {119, "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"},
        {120, "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c"},
        {127, "c57e9278af78fa3cab38667bef4ce29d783787a2f731d4e12200270f0c32320a"},
        {128, "6836cf13bac400e9105071cd6af47084dfacad4e5e302c94bfed24e013afb73e"},
        {1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"}
    };
    char *text = malloc(1000000);
    memset(text, 'a', 1000000);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t piece = 1; piece <= 1000000; piece *= 3)
            if (cases[i].size < 1000 || piece > 5) check_digest(text, cases[i].size, piece, cases[i].digest);
    free(text);
    check_digest("abc", 3, 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, 10,
                 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}
END_TEST

START_TEST(test_crc_and_hash) {
    ck_assert_uint_eq(oc__crc32(0, "123456789", 9), 0xCBF43926);
    ck_assert_uint_eq(oc__crc32(oc__crc32(0, "1234", 4), "56789", 5), 0xCBF43926);
    ck_assert_uint_eq(oc__crc32(0, NULL, 0), 0);
    ck_assert_uint_eq(oc__crc32(0xCBF43926, NULL, 0), 0xCBF43926);
    /* Every single bit, the length and the order matter. */
    uint8_t data[40] = {0};
    uint64_t seen[400], n = 0;
    for (size_t size = 0; size <= 40; size++) seen[n++] = oc__hash64(0, data, size);
    for (size_t bit = 0; bit < 320; bit++) {
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        seen[n++] = oc__hash64(0, data, 40);
        data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    seen[n++] = oc__hash64(1, data, 40);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) check_that(seen[i] != seen[j], "hashes %zu and %zu are equal", i, j);
}
END_TEST

int main(void) {
    const unit_test tests[] = {
        {test_utf8, 0},
        {test_tag, 0},
        {test_numbers, 0},
        {test_numbers_with_comma, 0},
        {test_integers, 0},
        {test_random_for_ever, 0},
        {test_random_is_fair, 0},
        {test_sha256, 0},
        {test_crc_and_hash, 0},
    };
    return RUN_UNIT_TESTS("core text", tests);
}
