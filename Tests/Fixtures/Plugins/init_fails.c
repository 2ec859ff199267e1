/* SPDX-License-Identifier: Apache-2.0 */
/* init_fails.c: cannot start, and says why. */
#include <martlet.h>

static mt_result init(const mt_host *host) {
    return host->fail(host, mt_s("the directory is empty"), mt_s("put something into it"));
}
static const mt_plugin plugin = { MT_PLUGIN("hopeless", "1.0.0", "Is loaded by a test."), .init = init };
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
