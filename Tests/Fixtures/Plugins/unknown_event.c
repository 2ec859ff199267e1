/* SPDX-License-Identifier: Apache-2.0 */
/* unknown_event.c: hooks an event of the server's that does not exist. */
#include <martlet.h>

static mt_result yes(mt_call *call) { (void)call; return MT_OK; }

static const mt_hook hooks[] = { { "core.sunrise", yes, NULL, 0, 0 } };
static const mt_plugin plugin = {
    MT_PLUGIN("early", "1.0.0", "Is loaded by a test."), .hooks = MT_LIST(hooks),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
