/* SPDX-License-Identifier: Apache-2.0 */
/* offers_tm.c: offers "tm" 1.4, and a function that may not be called everywhere: the tm.so of the manual. */
#include <martlet.h>

static const struct { mt_head head; } table = { { sizeof table, 1, 4 } };
static const mt_offer offers[] = { { "tm", &table.head } };
static mt_result      relay(mt_call *call) { (void)call; return MT_OK; }
#define NOT_IN_REPLIES (MT_IN_REQUEST | MT_IN_FAILURE | MT_IN_BRANCH)
static const mt_function calls[] = { { "t_relay", relay, NULL, { NULL, 0, 0 }, NOT_IN_REPLIES, 0, "Says yes." } };
static const mt_plugin plugin = {
    MT_PLUGIN("tm", "1.0.2", "Is loaded by a test."), .offers = MT_LIST(offers), .functions = MT_LIST(calls),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
