/* SPDX-License-Identifier: Apache-2.0 */
/* undefined.c: calls a function that no library has. */
#include <martlet.h>

int nobody_has_this(void);
static mt_result call_it(mt_call *call) { (void)call; return nobody_has_this(); }
static const mt_function calls[] = {
    { "undefined_call", call_it, NULL, { NULL, 0, 0 }, MT_IN_ANY, 0, "Calls it." },
};
static const mt_plugin plugin = {
    MT_PLUGIN("undefined", "1.0.0", "Is loaded by a test."), .functions = MT_LIST(calls),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
