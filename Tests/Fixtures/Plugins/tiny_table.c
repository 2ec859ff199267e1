/* SPDX-License-Identifier: Apache-2.0 */
/* tiny_table.c: says that its table is shorter than any ABI's. */
#include <martlet.h>

static const mt_plugin plugin = {
    .magic = MARTLET_MAGIC, .major = MARTLET_MAJOR, .size = 24, .name = "tiny", .version = "1.0.0",
    .help = "Is loaded by a test.",
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
