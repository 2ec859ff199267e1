/* SPDX-License-Identifier: Apache-2.0 */
/* missing_need.c: needs an interface that nothing offers. */
#include <martlet.h>

static const void   *table;
static const mt_need needs[] = { { "nowhere", 1, 0, 0, &table } };
static const mt_plugin plugin = {
    MT_PLUGIN("lonely", "1.0.0", "Is loaded by a test."), .needs = MT_LIST(needs),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
