/* SPDX-License-Identifier: Apache-2.0 */
/* unknown_type.c: has a parameter of a type that this server does not know. */
#include <martlet.h>

static const mt_field params[] = { { "limit", 77, 0, 0, 0, 0, 0, NULL, "Something.", NULL } };
static const mt_plugin plugin = {
    MT_PLUGIN("typed", "1.0.0", "Is loaded by a test."), .params = MT_LIST(params),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
