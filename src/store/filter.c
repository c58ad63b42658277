/* Metadata expressions, by recursive descent:
 *     any = all { "or" all }    all = one { "and" one }    one = "(" any ")" | name ("eq" | "ne") value
 * A name is a word or a value; a value stands in single quotes, in which '' is one quote. SPDX-License-Identifier: MIT */
#include "filter.h"

#include <string.h>
#include <strings.h>

#include "text.h"

typedef struct parser {
    const char *start, *at;
    oc__filter *out;
    unsigned depth;
    oc_error *err;
} parser;

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' ||
           (unsigned char)c >= 0x80;
}

static void skip(parser *p) {
    while (is_space(*p->at)) p->at++;
}

static oc_status fail(const parser *p, const char *expected) {
    return oc__fail(p->err, OC_E_ARGUMENT, "the metadata expression goes wrong at character %zu, \"%.20s\": expected %s",
                    (size_t)(p->at - p->start) + 1, p->at, expected);
}

static void sql(parser *p, const char *text) { oc__buffer_append(&p->out->sql, text, strlen(text)); }

/* Takes the word off if it comes next, in either case. */
static bool take_word(parser *p, const char *word) {
    size_t n = strlen(word);
    skip(p);
    if (strncasecmp(p->at, word, n) != 0 || is_word(p->at[n])) return false;
    p->at += n;
    return true;
}

/* Takes a quoted text off and adds it to the parameters. */
static oc_status take_quoted(parser *p) {
    const char *from = p->at + 1;
    for (;; from++) {
        if (!*from) return fail(p, "the quote to be closed");
        if (*from == '\'' && *++from != '\'') break;
        oc__buffer_append(&p->out->text, from, 1);
    }
    oc__buffer_append(&p->out->text, "", 1);
    p->at = from;
    return OC_OK;
}

static oc_status take_name(parser *p) {
    skip(p);
    const char *from = p->at;
    if (*from == '\'') return take_quoted(p);
    while (is_word(*p->at)) p->at++;
    if (p->at == from) return fail(p, "a key or a parenthesis");
    oc__buffer_append(&p->out->text, from, (size_t)(p->at - from));
    oc__buffer_append(&p->out->text, "", 1);
    return OC_OK;
}

static oc_status take_comparison(parser *p) {
    if (p->out->n_parameters >= 2 * OC__MAX_FILTER_TERMS)
        return oc__fail(p->err, OC_E_ARGUMENT, "the metadata expression has more than %d comparisons", OC__MAX_FILTER_TERMS);
    oc_status status = take_name(p);
    if (status) return status;
    bool equal = take_word(p, "eq");
    if (!equal && !take_word(p, "ne")) return fail(p, "eq or ne");
    skip(p);
    if (*p->at != '\'') return fail(p, "a value in single quotes");
    p->out->n_parameters += 2;
    sql(p, equal ? "p.seq IN " : "p.seq NOT IN ");
    sql(p, "(SELECT picture FROM metadata WHERE key = ? AND value = ?)");
    return take_quoted(p);
}

static oc_status take_any(parser *p);

static oc_status take_one(parser *p) {
    skip(p);
    if (*p->at != '(') return take_comparison(p);
    if (++p->depth > OC__MAX_FILTER_DEPTH)
        return oc__fail(p->err, OC_E_ARGUMENT, "the metadata expression has more than %d parentheses in one another",
                        OC__MAX_FILTER_DEPTH);
    p->at++;
    sql(p, "(");
    oc_status status = take_any(p);
    if (status) return status;
    skip(p);
    if (*p->at != ')') return fail(p, "and, or, or a closing parenthesis");
    p->at++;
    p->depth--;
    sql(p, ")");
    return OC_OK;
}

static oc_status take_all(parser *p) {
    oc_status status = take_one(p);
    while (!status && take_word(p, "and")) {
        sql(p, " AND ");
        status = take_one(p);
    }
    return status;
}

static oc_status take_any(parser *p) {
    oc_status status = take_all(p);
    while (!status && take_word(p, "or")) {
        sql(p, " OR ");
        status = take_all(p);
    }
    return status;
}

oc_status oc__filter_parse(oc__filter *out, oc_context *context, const char *expression, oc_error *err) {
    size_t size = strlen(expression);
    *out = (oc__filter){{.context = context}, {.context = context}, 0};
    if (size > OC__MAX_FILTER_BYTES)
        return oc__fail(err, OC_E_ARGUMENT, "the metadata expression has %zu bytes, at most %d", size, OC__MAX_FILTER_BYTES);
    if (!oc__utf8_valid(expression, size)) return oc__fail(err, OC_E_ARGUMENT, "the metadata expression is not UTF-8");
    parser p = {expression, expression, out, 0, err};
    oc_status status = take_any(&p);
    skip(&p);
    if (!status && *p.at) status = fail(&p, "and, or, or its end");
    oc__buffer_append(&out->sql, "", 1);
    if (!status && (out->sql.failed || out->text.failed))
        status = oc__fail_nomem(err, context, size, "the metadata expression");
    return status;
}

void oc__filter_free(oc__filter *filter) {
    oc__buffer_free(&filter->sql);
    oc__buffer_free(&filter->text);
}
