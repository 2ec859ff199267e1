/* SPDX-License-Identifier: Apache-2.0 */
/* plugin.c PLUGIN.so [CALLS]: what one call of seguard_check costs, in a server that does next to nothing.
 *
 * Prints "<calls of malloc> <nanoseconds>" per call, the latter the best of five runs. The call finds the
 * timer too short, makes and inserts a line, counts, and calls into "sl". */
#define _GNU_SOURCE
#include <martlet.h>
#include <sl.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Ours is found first, by the plugin and its runtime too (-rdynamic). */
static size_t mallocs;
extern void  *__libc_malloc(size_t size);
void         *malloc(size_t size) {
    mallocs++;
    return __libc_malloc(size);
}

static char   arena[65536];
static size_t used;

static bool header(const mt_msg *msg, uint32_t name, mt_header *at) {
    (void)msg;
    if (at->place) return false;
    *at = (mt_header){ name, 1, { "Session-Expires", 15 }, { "60;refresher=uac", 16 } };
    return true;
}
static mt_result insert(mt_msg *msg, uint32_t where, const mt_header *at, mt_str line) {
    (void)msg, (void)where, (void)at;
    if (used + line.len > sizeof arena) used = 0;
    memcpy(arena + used, line.ptr, line.len);
    used += line.len;
    return MT_OK;
}
static uint32_t  token(const char *name) { (void)name; return 33; }
static mt_result reply(mt_call *call, int32_t status, mt_str reason) {
    (void)call, (void)status, (void)reason;
    return MT_OK;
}
static void      count(const mt_host *host, uint32_t counter, int64_t by) {
    (void)host, (void)counter, (void)by;
}

static const mt_message_api message = {
    .head = MT_HEAD(mt_message_api, 1, 0), .header = header, .insert = insert,
};
static const mt_sip_api     sip     = { .head = MT_HEAD(mt_sip_api, 1, 0), .token = token };
static const sl_api         sl      = { .head = MT_HEAD(sl_api, 1, 0), .reply = reply };
static const char           others[4096]; /* the tables of all other interfaces: nothing calls them here */

int main(int argc, char **argv) {
    void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!library) return fprintf(stderr, "%s\n", argc > 1 ? dlerror() : "which plugin?"), 1;
    const mt_plugin *(*entry)(uint32_t) = (const mt_plugin *(*)(uint32_t))dlsym(library, "martlet_plugin");
    const mt_plugin *plugin = entry(MARTLET_MAJOR << 16);

    for (uint32_t i = 0; i < plugin->needs.count; i++) {
        const mt_need *need = (const mt_need *)plugin->needs.items + i;
        *need->slot = !strcmp(need->id, "martlet.message") ? (const void *)&message
            : !strcmp(need->id, "martlet.sip")             ? (const void *)&sip
            : !strcmp(need->id, "sl")                      ? (const void *)&sl
                                                           : (const void *)others;
    }
    mt_value params[] = { { MT_INT, 0, 90, { NULL, 0 }, NULL } };
    mt_host  host     = { .head = MT_HEAD(mt_host, 1, 0), .params = params, .workers = 1,
                          .level = MT_LOG_ERROR, .count = count };
    if (plugin->init && plugin->init(&host) <= 0) return 1;

    const mt_function *function = plugin->functions.items;
    mt_value           args[]   = { { MT_INT, 0, 1800, { NULL, 0 }, NULL } };
    mt_call            call     = { .host = &host, .user = function->user, .msg = (mt_msg *)arena,
                                    .args = args, .argc = 1, .route = 1 };
    long               calls    = argc > 2 ? atol(argv[2]) : 1000000;
    double             best     = 1e9;
    function->call(&call); /* what is set up once */
    size_t before = mallocs;
    for (int run = 0; run < 5; run++) {
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        for (long i = 0; i < calls; i++)
            if (function->call(&call) != MT_STOP) return 1;
        clock_gettime(CLOCK_MONOTONIC, &to);
        double ns = (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
        ns /= (double)calls;
        if (ns < best) best = ns;
    }
    printf("%g %.1f\n", (double)(mallocs - before) / (5.0 * (double)calls), best);
    return 0;
}
