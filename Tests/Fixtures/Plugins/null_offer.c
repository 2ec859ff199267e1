/* SPDX-License-Identifier: Apache-2.0 */
/* null_offer.c: offers an interface without a table. */
#include <martlet.h>

static const mt_offer offers[] = { { "hollow", NULL } };
static const mt_plugin plugin = {
    MT_PLUGIN("hollow", "1.0.0", "Is loaded by a test."), .offers = MT_LIST(offers),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
