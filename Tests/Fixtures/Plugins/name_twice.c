/* SPDX-License-Identifier: Apache-2.0 */
/* name_twice.c: has two functions of one name. */
#include <martlet.h>

static mt_result yes(mt_call *call) { (void)call; return MT_OK; }

static const mt_function calls[] = {
    { "twice", yes, NULL, { NULL, 0, 0 }, MT_IN_ANY, 0, "Says yes." },
    { "twice", yes, NULL, { NULL, 0, 0 }, MT_IN_ANY, 0, "Says yes again." },
};
static const mt_plugin plugin = {
    MT_PLUGIN("twice", "1.0.0", "Is loaded by a test."), .functions = MT_LIST(calls),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
