/* SPDX-License-Identifier: Apache-2.0 */
/* sst.c: has the parameter that the manual's messages are about. */
#include <martlet.h>

static const mt_field params[] = {
    { "min_se", MT_INT, 0, 0, 0, 90, 86400, "90", "Least session timer, in seconds.", NULL },
};
static const mt_plugin plugin = { MT_PLUGIN("sst", "1.0.0", "Is loaded by a test."), .params = MT_LIST(params) };
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
