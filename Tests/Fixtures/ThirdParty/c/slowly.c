/* SPDX-License-Identifier: Apache-2.0 */
/* slowly.c: answers later, from a thread of its own, while the worker goes on with other messages. */
#include <martlet.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static const mt_script_api *script;
enum { WAITED }; /* counters */

struct work {
    uint64_t ticket;
    int64_t  ms;
};

static void *answer(void *user) {
    struct work    *work  = user;
    struct timespec pause = { work->ms / 1000, work->ms % 1000 * 1000000 };
    nanosleep(&pause, NULL);
    script->resume(work->ticket, MT_OK);
    free(work);
    return NULL;
}

static mt_result awake(mt_call *call) { /* on the call's own worker again */
    call->host->count(call->host, WAITED, 1);
    return call->result;
}

static mt_result slowly(mt_call *call) {
    pthread_t    thread;
    struct work *work = malloc(sizeof *work);
    if (!work) return MT_NO;
    work->ms     = call->args[0].num;
    work->ticket = script->suspend(call, 60000, awake, NULL);
    if (pthread_create(&thread, NULL, answer, work)) {
        script->resume(work->ticket, MT_NO);
        free(work);
    } else {
        pthread_detach(thread);
    }
    return MT_SUSPEND;
}

static const mt_need     needs[]    = { { "martlet.script", 1, 0, 0, (const void **)&script } };
static const mt_counter  counters[] = { { "waited", MT_COUNTER, 0, "Answers that came." } };
static const mt_field    args[]     = { { "ms", MT_MS, 0, 0, 0, 0, 0, NULL, "How long it takes.", NULL } };
static const mt_function calls[]    = {
    { "slowly", slowly, NULL, MT_LIST(args), MT_IN_ANY | MT_SUSPENDS, 0, "True, after that time." },
};
static const mt_plugin plugin = {
    MT_PLUGIN("slowly", "1.0.0", "Answers later."), .needs = MT_LIST(needs), .functions = MT_LIST(calls),
    .counters = MT_LIST(counters),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
