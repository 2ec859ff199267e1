/* SPDX-License-Identifier: Apache-2.0 */
/* other_sst.c: has the name of the plugin in sst.c. */
#include <martlet.h>

static const mt_plugin plugin = { MT_PLUGIN("sst", "1.0.0", "Is loaded by a test.") };
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
