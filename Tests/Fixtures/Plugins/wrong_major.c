/* SPDX-License-Identifier: Apache-2.0 */
/* wrong_major.c: is made for the next ABI major. */
#include <martlet.h>

static const mt_plugin plugin = {
    .magic = MARTLET_MAGIC, .major = 2, .size = sizeof(mt_plugin), .name = "next", .version = "1.0.0",
    .help = "Too new.",
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
