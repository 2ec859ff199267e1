/* SPDX-License-Identifier: Apache-2.0 */
/* wrong_magic.c: exports martlet_plugin, but what it returns is something else. */
#include <martlet.h>

static const mt_plugin plugin = {
    .magic = 0x21474942, .major = 1, .size = sizeof(mt_plugin), .name = "magic",
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
