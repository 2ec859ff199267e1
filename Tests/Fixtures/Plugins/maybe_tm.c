/* SPDX-License-Identifier: Apache-2.0 */
/* maybe_tm.c: can use "tm" 1.0, and says whether it is there. */
#include <martlet.h>

static const mt_head *tm;
static mt_result      ask(mt_call *call) { (void)call; return tm ? MT_OK : MT_NO; }

static const mt_need     needs[] = { { "tm", 1, 0, MT_OPTIONAL, (const void **)&tm } };
static const mt_function calls[] = { { "has_tm", ask, NULL, { NULL, 0, 0 }, MT_IN_ANY, 0, "Is tm there?" } };
static const mt_plugin plugin = {
    MT_PLUGIN("maybe", "1.0.0", "Is loaded by a test."), .needs = MT_LIST(needs),
    .functions = MT_LIST(calls),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
