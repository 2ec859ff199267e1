/* SPDX-License-Identifier: Apache-2.0 */
/* prepares.c: looks at its parameters and arguments itself, and refuses what is not "up" or "down". */
#include <martlet.h>
#include <string.h>

static const char *directions[] = { "up", "down" };
static mt_result prepare(mt_call *call) {
    mt_str text = call->args[0].str;
    for (int i = 0; i < 2; i++) {
        if (text.len != strlen(directions[i]) || memcmp(text.ptr, directions[i], text.len)) continue;
        call->out->ptr = (void *)directions[i];
        return MT_OK;
    }
    if (text.len == 0) return MT_ERROR;
    return call->host->fail(call->host, mt_s("that is no direction"), mt_s("write up or down"));
}
static mt_result is_up(mt_call *call) { return call->args[0].ptr == directions[0] ? MT_OK : MT_NO; }
static mt_result get(mt_call *call) { return call->args[0].ptr ? MT_OK : MT_NO; }
static mt_result init(const mt_host *host) {
    if (host->params[0].ptr == directions[0]) return MT_OK;
    return host->fail(host, mt_s("it was to go up"), mt_s(""));
}

static const mt_field params[] = { { "way", MT_STR, 0, 0, 0, 0, 0, "up", "The way to go.", prepare } };
static const mt_field args[]   = { { "way", MT_STR, 0, 0, 0, 0, 0, NULL, "The way to go.", prepare } };
static const mt_function calls[] = { { "is_up", is_up, NULL, MT_LIST(args), MT_IN_ANY, 0, "Is it up?" } };
static const mt_variable variables[] = {
    { "way", get, NULL, NULL, "A direction.", prepare }, { "@way", get, NULL, NULL, "A direction.", prepare },
};
static const mt_plugin plugin = {
    MT_PLUGIN("prepares", "1.0.0", "Is loaded by a test."), .params = MT_LIST(params),
    .functions = MT_LIST(calls), .variables = MT_LIST(variables), .init = init,
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
