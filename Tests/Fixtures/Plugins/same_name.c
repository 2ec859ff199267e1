/* SPDX-License-Identifier: Apache-2.0 */
/* same_name.c: has a function that good.so has too. */
#include <martlet.h>

static mt_result yes(mt_call *call) { (void)call; return MT_OK; }

static const mt_function calls[] = { { "good_yes", yes, NULL, { NULL, 0, 0 }, MT_IN_ANY, 0, "Says yes." } };
static const mt_plugin plugin = {
    MT_PLUGIN("better", "1.0.0", "Is loaded by a test."), .functions = MT_LIST(calls),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
