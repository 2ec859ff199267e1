/* SPDX-License-Identifier: Apache-2.0 */
/* init_crashes.c: crashes while it starts. */
#include <martlet.h>

static mt_result init(const mt_host *host) {
    (void)host;
    *(volatile int *)16 = 1;
    return MT_OK;
}
static const mt_plugin plugin = { MT_PLUGIN("clumsy", "1.0.0", "Is loaded by a test."), .init = init };
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
