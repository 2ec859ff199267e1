/* SPDX-License-Identifier: Apache-2.0 */
/* server_name.c: offers what is the server's own. */
#include <martlet.h>

static const struct { mt_head head; } table = { { sizeof table, 1, 0 } };
static const mt_offer offers[] = { { "martlet.message", &table.head } };
static const mt_plugin plugin = {
    MT_PLUGIN("impostor", "1.0.0", "Is loaded by a test."), .offers = MT_LIST(offers),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
