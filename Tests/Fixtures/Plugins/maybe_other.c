/* SPDX-License-Identifier: Apache-2.0 */
/* maybe_other.c: can use "nowhere" 1.0, which nothing offers. */
#include <martlet.h>

static const mt_head *it;
static mt_result      ask(mt_call *call) { (void)call; return it ? MT_OK : MT_NO; }

static const mt_need     needs[] = { { "nowhere", 1, 0, MT_OPTIONAL, (const void **)&it } };
static const mt_function calls[] = { { "has_it", ask, NULL, { NULL, 0, 0 }, MT_IN_ANY, 0, "Is it there?" } };
static const mt_plugin plugin = {
    MT_PLUGIN("maybe", "1.0.0", "Is loaded by a test."), .needs = MT_LIST(needs),
    .functions = MT_LIST(calls),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
