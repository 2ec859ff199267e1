/* SPDX-License-Identifier: Apache-2.0 */
/* optional_event.c: hooks an event of a plugin that may be missing. */
#include <martlet.h>

static mt_result yes(mt_call *call) { (void)call; return MT_OK; }

static const mt_hook hooks[] = { { "tm.finished", yes, NULL, 0, MT_OPTIONAL } };
static const mt_plugin plugin = {
    MT_PLUGIN("listener", "1.0.0", "Is loaded by a test."), .hooks = MT_LIST(hooks),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
