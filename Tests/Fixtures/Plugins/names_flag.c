/* SPDX-License-Identifier: Apache-2.0 */
/* names_flag.c: a parameter that names a flag, and a function that says whether a message has it. */
#include <martlet.h>
#include <stdio.h>

static const mt_host        *host;
static const mt_message_api *message;
static const mt_script_api  *script;
static int32_t               flag;

static mt_result init(const mt_host *server) {
    host = server;
    flag = script->flag(server, server->params[0].str);
    return flag < 0 ? server->fail(server, mt_s("that is no flag"), mt_s("name one")) : MT_OK;
}
static mt_result has(mt_call *call) {
    return message->number(call->msg, MT_F_FLAGS) >> flag & 1 ? MT_OK : MT_NO;
}
static const mt_need needs[] = {
    { "martlet.message", 1, 0, 0, (const void **)&message }, { "martlet.script", 1, 0, 0, (const void **)&script },
};
static const mt_field    params[] = { { "flag", MT_STR, MT_REQUIRED | MT_VERBATIM, 0, 0, 0, 0, 0, "A flag.", 0 } };
static const mt_function calls[]  = { { "has_it", has, NULL, { 0, 0, 0 }, MT_IN_ANY, 0, "Is it set?" } };
static const mt_plugin   plugin   = {
    MT_PLUGIN("names_flag", "1.0.0", "Is loaded by a test."), .init = init, .needs = MT_LIST(needs),
    .params = MT_LIST(params), .functions = MT_LIST(calls),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
