/* SPDX-License-Identifier: Apache-2.0 */
/* seguard.c: refuses session timers that are too short, and counts them. */
#include <martlet.h>
#include <sl.h>
#include <stdio.h>

static const mt_host        *host;
static const mt_message_api *message;
static const mt_sip_api     *sip;
static const sl_api         *sl;
static uint32_t              session_expires;
enum { MIN_SE };  /* params   */
enum { REFUSED }; /* counters */

static mt_result check(mt_call *call) {
    int64_t   least = host->params[MIN_SE].num;
    mt_header at    = { 0 };
    if (call->args[0].num > least) least = call->args[0].num;
    if (!message->header(call->msg, session_expires, &at) || mt_number(at.body) >= least) return MT_OK;

    char line[40];
    int  len = snprintf(line, sizeof line, "Min-SE: %lld", (long long)least);
    host->count(host, REFUSED, 1);
    message->insert(call->msg, MT_LAST, NULL, (mt_str){ line, (size_t)len });
    sl->reply(call, 422, mt_s("Session Interval Too Small"));
    return MT_STOP;
}

static mt_result init(const mt_host *server) {
    host            = server;
    session_expires = sip->token("Session-Expires");
    return MT_OK;
}

static const mt_need needs[] = {
    { "martlet.message", 1, 0, 0, (const void **)&message },
    { "martlet.sip",     1, 0, 0, (const void **)&sip },
    { "sl",              1, 0, 0, (const void **)&sl },
};
static const mt_field    params[]   = {
    { "min_se", MT_INT, 0, 0, 0, 90, 86400, "90", "Least session timer, in seconds.", NULL },
};
static const mt_counter  counters[] = { { "refused", MT_COUNTER, 0, "Requests answered with 422." } };
static const mt_field    args[]     = {
    { "least", MT_INT, MT_OPTIONAL, 0, 0, 0, 0, "0", "Least here, if more.", NULL },
};
static const mt_function calls[]    = {
    { "seguard_check", check, NULL, MT_LIST(args), MT_IN_REQUEST, 0, "Refuses a too short timer." },
};
static const mt_plugin   plugin     = {
    MT_PLUGIN("seguard", "1.0.0", "Refuses too short session timers."), .init = init, .needs = MT_LIST(needs),
    .params = MT_LIST(params), .counters = MT_LIST(counters), .functions = MT_LIST(calls),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
