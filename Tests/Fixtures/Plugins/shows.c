/* SPDX-License-Identifier: Apache-2.0 */
/* shows.c: has a parameter of each type, and writes their values to the file that one of them names. */
#include <martlet.h>
#include <stdio.h>

static const mt_field params[] = {
    { "file", MT_STR, MT_REQUIRED | MT_VERBATIM, 0, 0, 0, 0, NULL, "Where to write.", NULL },
    { "number", MT_INT, 0, 0, 0, 1, 100, "10", "A number.", NULL },
    { "any", MT_INT, 0, 0, 0, 0, 0, NULL, "A number without limits.", NULL },
    { "text", MT_STR, 0, 0, 0, 0, 0, "hello", "A text.", NULL },
    { "empty", MT_STR, 0, 0, 0, 0, 0, "", "An empty text.", NULL },
    { "pause", MT_MS, 0, 0, 0, 0, 0, "5s", "A time.", NULL },
    { "short", MT_MS, 0, 0, 0, 10, 60000, "1s", "A short time.", NULL },
    { "switch", MT_BOOL, 0, 0, 0, 0, 0, "no", "A switch.", NULL },
    { "line", MT_STR, MT_MANY, 0, 0, 0, 0, NULL, "One of many.", NULL },
    { "many", MT_INT, MT_MANY, 0, 0, 0, 0, NULL, "One number of many.", NULL },
    { "pattern", MT_REGEX, MT_VERBATIM, 0, 0, 0, 0, "^a", "A pattern.", NULL },
    { "route", MT_ROUTE, 0, MT_IN_REQUEST, 0, 0, 0, NULL, "A route.", NULL },
    { "socket", MT_SOCKET, 0, 0, 0, 0, 0, NULL, "A socket.", NULL },
    { "expression", MT_EXPR, 0, 0, 0, 0, 0, NULL, "An expression.", NULL },
    { "url", MT_URL, 0, 0, 0, 0, 0, NULL, "A database.", NULL },
};
enum { COUNT = sizeof params / sizeof *params };

static void show(FILE *file, const mt_value *value) {
    switch (value->type) {
    case MT_NULL: fputs(" absent", file); break;
    case MT_STR: fprintf(file, " \"%.*s\"", (int)value->str.len, value->str.ptr); break;
    case MT_INT: case MT_BOOL: case MT_MS: fprintf(file, " %lld", (long long)value->num); break;
    case MT_ROUTE: fprintf(file, value->num > 0 ? " a route" : " no route"); break;
    case MT_SOCKET: fprintf(file, " socket %lld", (long long)value->num); break;
    default: fprintf(file, value->ptr ? " something" : " nothing");
    }
}

static mt_result init(const mt_host *host) {
    char path[512];
    snprintf(path, sizeof path, "%.*s", (int)host->params[0].str.len, host->params[0].str.ptr);
    FILE *file = fopen(path, "w");
    if (!file) return host->fail(host, mt_s("it cannot write"), mt_s("see the file"));
    for (int i = 1; i < COUNT; i++) {
        const mt_value *value = &host->params[i], *all = value->ptr;
        fprintf(file, "%s:", params[i].name);
        if (!(params[i].flags & MT_MANY)) show(file, value);
        else for (int64_t n = 0; n < value->num; n++) show(file, &all[n]);
        fputc('\n', file);
    }
    fclose(file);
    return MT_OK;
}
static const mt_plugin plugin = {
    MT_PLUGIN("shows", "1.0.0", "Is loaded by a test."), .params = MT_LIST(params), .init = init,
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
