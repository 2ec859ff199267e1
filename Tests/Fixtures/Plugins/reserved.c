/* SPDX-License-Identifier: Apache-2.0 */
/* reserved.c: does not leave a reserved field zero. */
#include <martlet.h>

static mt_result yes(mt_call *call) { (void)call; return MT_OK; }

static const mt_function calls[] = {
    { "reserved_yes", yes, NULL, { NULL, 0, 0 }, MT_IN_ANY, 7, "Says yes." },
};
static const mt_plugin plugin = {
    MT_PLUGIN("reserved", "1.0.0", "Is loaded by a test."), .functions = MT_LIST(calls),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
