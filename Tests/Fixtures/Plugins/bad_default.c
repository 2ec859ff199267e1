/* SPDX-License-Identifier: Apache-2.0 */
/* bad_default.c: has a default that its own range forbids. */
#include <martlet.h>

static const mt_field params[] = { { "limit", MT_INT, 0, 0, 0, 90, 86400, "30", "A number.", NULL } };
static const mt_plugin plugin = {
    MT_PLUGIN("defaulted", "1.0.0", "Is loaded by a test."), .params = MT_LIST(params),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
