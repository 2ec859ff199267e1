/* SPDX-License-Identifier: Apache-2.0 */
/* late_tm.c: needs "tm" 1.0, which may be loaded on a later line. */
#include <martlet.h>

static const void   *table;
static const mt_need needs[] = { { "tm", 1, 0, MT_LATE, &table } };
static const mt_plugin plugin = {
    MT_PLUGIN("latecomer", "1.0.0", "Is loaded by a test."), .needs = MT_LIST(needs),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
