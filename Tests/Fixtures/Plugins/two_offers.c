/* SPDX-License-Identifier: Apache-2.0 */
/* two_offers.c: offers one interface twice itself. */
#include <martlet.h>

static const struct { mt_head head; } table = { { sizeof table, 1, 0 } };
static const mt_offer offers[] = { { "twin", &table.head }, { "twin", &table.head } };
static const mt_plugin plugin = {
    MT_PLUGIN("twins", "1.0.0", "Is loaded by a test."), .offers = MT_LIST(offers),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
