/* SPDX-License-Identifier: Apache-2.0 */
/* missing_library.c: is linked with a library that is not there; see build.sh. */
#include <martlet.h>

int missing(void);
static mt_result call_it(mt_call *call) { (void)call; return missing(); }
static const mt_function calls[] = {
    { "missing_call", call_it, NULL, { NULL, 0, 0 }, MT_IN_ANY, 0, "Calls it." },
};
static const mt_plugin plugin = {
    MT_PLUGIN("db_postgres", "1.0.0", "Is loaded by a test."), .functions = MT_LIST(calls),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
