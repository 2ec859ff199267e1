/* SPDX-License-Identifier: Apache-2.0 */
/* init_fails_mutely.c: cannot start, and does not say why. */
#include <martlet.h>

static mt_result init(const mt_host *host) { (void)host; return MT_ERROR; }
static const mt_plugin plugin = { MT_PLUGIN("mute", "1.0.0", "Is loaded by a test."), .init = init };
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
