/* SPDX-License-Identifier: Apache-2.0 */
/* next.c: sends a request to every place that its name leads to, one after the other. */
#include <martlet.h>

static const mt_net_api *net;

static mt_result sent(mt_call *call) {
    mt_result result = call->result;
    if (result == MT_OK) result = net->send_next(call, call->msg, sent, NULL);
    if (result == MT_NO) call->host->log(call->host, MT_LOG_WARNING, mt_s("that was the last place"));
    return MT_OK;
}

static mt_result everywhere(mt_call *call) { return net->send(call, call->msg, NULL, sent, NULL); }

static const mt_need     needs[] = { { "martlet.net", 1, 0, 0, (const void **)&net } };
static const mt_function calls[] = {
    { "next_everywhere", everywhere, NULL, { NULL, 0, 0 }, MT_IN_REQUEST, 0, "Sends to all places." },
};
static const mt_plugin plugin = {
    MT_PLUGIN("next", "1.0.0", "Sends to all places."), .needs = MT_LIST(needs), .functions = MT_LIST(calls),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
