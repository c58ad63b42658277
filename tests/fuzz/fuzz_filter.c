/* Metadata expressions, whatever the text is: an error with a message, or SQL that SQLite takes. SPDX-License-Identifier: MIT
 *
 * With libFuzzer: clang -fsanitize=fuzzer,address,undefined. With OC_FUZZ_REPLAY defined it is an ordinary program that runs
 * the files given. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sqlite3 *new_database(void) {
    sqlite3 *db = NULL;
    if (sqlite3_open(":memory:", &db) ||
        sqlite3_exec(db,
                     "CREATE TABLE pictures(seq INTEGER PRIMARY KEY);"
                     "CREATE TABLE metadata(picture INTEGER, key TEXT, value TEXT);"
                     "INSERT INTO pictures VALUES(1); INSERT INTO metadata VALUES(1, 'a', 'b')",
                     NULL, NULL, NULL))
        abort();
    return db;
}

/* The SQL takes the parameters that were counted, and gives a number. */
static void run_sql(sqlite3 *db, const oc__filter *filter) {
    char *sql = sqlite3_mprintf("SELECT count(*) FROM pictures p WHERE (%s)", filter->sql.data);
    sqlite3_stmt *statement = NULL;
    if (!sql || sqlite3_prepare_v2(db, sql, -1, &statement, NULL)) abort();
    if ((size_t)sqlite3_bind_parameter_count(statement) != filter->n_parameters) abort();
    const char *text = (const char *)filter->text.data, *end = text + filter->text.size;
    for (size_t i = 0; i < filter->n_parameters; i++, text += strlen(text) + 1) {
        if (text >= end) abort();
        sqlite3_bind_text(statement, (int)i + 1, text, -1, SQLITE_STATIC);
    }
    if (text != end || sqlite3_step(statement) != SQLITE_ROW) abort();
    sqlite3_finalize(statement);
    sqlite3_free(sql);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static oc_context *context;
    static sqlite3 *db;
    oc_error error = OC_ERROR_INIT;
    oc__filter filter;
    oc_context_options options = OC_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    if (!context && oc__context_create(&context, &options, NULL)) abort();
    if (!db) db = new_database();
    char *text = malloc(size + 1);
    if (!text) return 0;
    memcpy(text, data, size);
    text[size] = 0;
    if (oc__filter_parse(&filter, context, text, &error) == OC_OK)
        run_sql(db, &filter);
    else if (error.code != OC_E_ARGUMENT || !error.message[0])
        abort();
    oc__filter_free(&filter);
    free(text);
    if (atomic_load(&context->memory_used) != 0) abort();
    return 0;
}

#ifdef OC_FUZZ_REPLAY
int main(int n, char **paths) {
    for (int i = 1; i < n; i++) {
        static uint8_t data[1 << 20];
        FILE *file = fopen(paths[i], "rb");
        if (!file) {
            perror(paths[i]);
            return 1;
        }
        size_t size = fread(data, 1, sizeof data, file);
        fclose(file);
        LLVMFuzzerTestOneInput(data, size);
    }
    printf("%d files\n", n - 1);
    return 0;
}
#endif
