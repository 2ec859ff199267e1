/* SPDX-License-Identifier: Apache-2.0 */
/* unknown_plugin_flag.c: has an unknown flag in its table. */
#include <martlet.h>

static const mt_plugin plugin = { MT_PLUGIN("flagged", "1.0.0", "Is loaded by a test."), .flags = 1u << 3 };
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
