/* SPDX-License-Identifier: Apache-2.0 */
/* newer_server.c: needs "martlet.message" 1.7, which no server has yet. */
#include <martlet.h>

static const void   *table;
static const mt_need needs[] = { { "martlet.message", 1, 7, 0, &table } };
static const mt_plugin plugin = {
    MT_PLUGIN("newer", "1.0.0", "Is loaded by a test."), .needs = MT_LIST(needs),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
