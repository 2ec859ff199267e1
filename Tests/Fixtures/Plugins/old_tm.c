/* SPDX-License-Identifier: Apache-2.0 */
/* old_tm.c: offers "tm" 1.1, too old for who needs 1.2. */
#include <martlet.h>

static const struct { mt_head head; } table = { { sizeof table, 1, 1 } };
static const mt_offer offers[] = { { "tm", &table.head } };
static const mt_plugin plugin = {
    MT_PLUGIN("tm", "0.9.0", "Is loaded by a test."), .offers = MT_LIST(offers),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
