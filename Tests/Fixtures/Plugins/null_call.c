/* SPDX-License-Identifier: Apache-2.0 */
/* null_call.c: has a function without code. */
#include <martlet.h>

static const mt_function calls[] = {
    { "hollow", NULL, NULL, { NULL, 0, 0 }, MT_IN_ANY, 0, "Does nothing." },
};
static const mt_plugin plugin = {
    MT_PLUGIN("hollow", "1.0.0", "Is loaded by a test."), .functions = MT_LIST(calls),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
