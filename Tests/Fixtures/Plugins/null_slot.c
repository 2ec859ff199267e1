/* SPDX-License-Identifier: Apache-2.0 */
/* null_slot.c: has nowhere to put what it needs. */
#include <martlet.h>

static const mt_need needs[] = { { "martlet.message", 1, 0, 0, NULL } };
static const mt_plugin plugin = {
    MT_PLUGIN("slotless", "1.0.0", "Is loaded by a test."), .needs = MT_LIST(needs),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
