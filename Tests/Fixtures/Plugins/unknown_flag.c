/* SPDX-License-Identifier: Apache-2.0 */
/* unknown_flag.c: has a flag bit that this server does not know. */
#include <martlet.h>

static const mt_field params[] = { { "limit", MT_INT, 1u << 20, 0, 0, 0, 0, "1", "A number.", NULL } };
static const mt_plugin plugin = {
    MT_PLUGIN("flagged", "1.0.0", "Is loaded by a test."), .params = MT_LIST(params),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
