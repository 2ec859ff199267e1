/* SPDX-License-Identifier: Apache-2.0 */
/* manners.c: does what a plugin should not, in ways that must end with an answer and never with a crash. */
#include <martlet.h>
#include <pthread.h>
#include <time.h>

static const mt_message_api *message;
static const mt_script_api  *script;
static const mt_loop_api    *loop;
static uint64_t              old_ticket;

/* Returns a number that means nothing. */
static mt_result odd(mt_call *call) { return (mt_result)call->args[0].num; }

/* Says that it waits, and has no ticket. */
static mt_result waits_for_nothing(mt_call *call) { (void)call; return MT_SUSPEND; }

/* Has a ticket, and answers at once: the ticket is worth nothing then. */
static mt_result waits_and_answers(mt_call *call) {
    old_ticket = script->suspend(call, 1000, NULL, NULL);
    return MT_OK;
}

/* Nobody will ever resume it. */
static mt_result waits_in_vain(mt_call *call) {
    old_ticket = script->suspend(call, (uint32_t)call->args[0].num, NULL, NULL);
    return MT_SUSPEND;
}

/* Is resumed before it has returned, twice; the second one is told that it is too late. */
static mt_result resumes_twice(mt_call *call) {
    uint64_t ticket = script->suspend(call, 1000, NULL, NULL);
    if (script->resume(ticket, MT_OK) != MT_OK) return MT_NO;
    if (script->resume(ticket, MT_NO) != MT_GONE) return MT_NO;
    return MT_SUSPEND;
}

/* True when a ticket whose time was up or that was not used, and numbers that never were tickets or timers, are gone. */
static mt_result stale(mt_call *call) {
    (void)call;
    if (old_ticket && script->resume(old_ticket, MT_OK) != MT_GONE) return MT_NO;
    if (script->resume(0, MT_OK) != MT_GONE || script->resume(UINT64_MAX, MT_OK) != MT_GONE) return MT_NO;
    if (loop->cancel(0) != MT_GONE || loop->cancel(UINT64_MAX) != MT_GONE) return MT_NO;
    return MT_OK;
}

static mt_result never(mt_call *call) { (void)call; return MT_OK; }

/* True when a timer can be cancelled once. */
static mt_result cancels_twice(mt_call *call) {
    uint64_t timer = loop->after(call->host, call->worker, 3600000, never, NULL);
    return loop->cancel(timer) == MT_OK && loop->cancel(timer) == MT_GONE ? MT_OK : MT_NO;
}

/* What this thread has had of the processor, in nanoseconds. */
static uint64_t used(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Keeps its worker from everything else, for longer than anybody may, whoever else has the processor meanwhile. */
static mt_result holds_up(mt_call *call) {
    uint64_t end = used() + 60000000;
    (void)call;
    while (used() < end) { }
    return MT_OK;
}
static mt_result holds_up_later(mt_call *call) {
    return loop->after(call->host, call->worker, 1, holds_up, NULL) ? MT_OK : MT_NO;
}

/* Edits a message from a thread that has no business with it: for a server that runs with --strict. */
static void *meddle(void *msg) {
    message->set_text(msg, MT_F_URI, mt_s("sip:meddled@example.com"));
    return NULL;
}
static mt_result wrong_thread(mt_call *call) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, meddle, call->msg)) return MT_NO;
    pthread_join(thread, NULL);
    return MT_OK;
}

/* Asks for fields, headers and targets that no message has. True when each is answered "absent". */
static mt_result absurd(mt_call *call) {
    mt_header at = { 0, 0, { NULL, 0 }, { NULL, 0 } };
    if (message->text(call->msg, 999999).ptr) return MT_NO;
    if (message->number(call->msg, 999999) != MT_ABSENT) return MT_NO;
    if (message->header(call->msg, 999999, &at)) return MT_NO;
    if (message->target(call->msg, 999999)) return MT_NO;
    if (message->set_text(call->msg, 999999, mt_s("x")) > 0) return MT_NO;
    at.place = 999999;
    if (message->remove(call->msg, &at) > 0 || message->replace(call->msg, &at, mt_s("x")) > 0) return MT_NO;
    return MT_OK;
}

static const mt_need needs[] = {
    { "martlet.message", 1, 0, 0, (const void **)&message },
    { "martlet.script",  1, 0, 0, (const void **)&script },
    { "martlet.loop",    1, 0, 0, (const void **)&loop },
};
static const mt_field number[] = { { "number", MT_INT, 0, 0, 0, 0, 0, NULL, "Any.", NULL } };
#define NO_ARGS { NULL, 0, 0 }
#define WAITS (MT_IN_ANY | MT_SUSPENDS)
static const mt_function calls[] = {
    { "odd", odd, NULL, MT_LIST(number), MT_IN_ANY, 0, "Returns that number." },
    { "waits_for_nothing", waits_for_nothing, NULL, NO_ARGS, WAITS, 0, "Suspends without a ticket." },
    { "waits_undeclared", waits_for_nothing, NULL, NO_ARGS, MT_IN_ANY, 0, "Suspends without MT_SUSPENDS." },
    { "waits_and_answers", waits_and_answers, NULL, NO_ARGS, WAITS, 0, "Suspends and answers." },
    { "waits_in_vain", waits_in_vain, NULL, MT_LIST(number), WAITS, 0, "Is never resumed." },
    { "resumes_twice", resumes_twice, NULL, NO_ARGS, WAITS, 0, "Resumes twice, and at once." },
    { "stale", stale, NULL, NO_ARGS, MT_IN_ANY, 0, "Uses stale numbers." },
    { "cancels_twice", cancels_twice, NULL, NO_ARGS, MT_IN_ANY, 0, "Cancels a timer twice." },
    { "holds_up", holds_up, NULL, NO_ARGS, MT_IN_ANY, 0, "Takes too long." },
    { "holds_up_later", holds_up_later, NULL, NO_ARGS, MT_IN_ANY, 0, "Has a timer that takes too long." },
    { "wrong_thread", wrong_thread, NULL, NO_ARGS, MT_IN_ANY, 0, "Edits from a wrong thread." },
    { "absurd", absurd, NULL, NO_ARGS, MT_IN_ANY, 0, "Asks for what is not there." },
};
static const mt_plugin plugin = {
    MT_PLUGIN("manners", "1.0.0", "Has none."), .needs = MT_LIST(needs), .functions = MT_LIST(calls),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
