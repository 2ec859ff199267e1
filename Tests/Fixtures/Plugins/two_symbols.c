/* SPDX-License-Identifier: Apache-2.0 */
/* two_symbols.c: exports more than its one symbol. */
#include <martlet.h>

MARTLET_EXPORT int stray(void);
int stray(void) { return 1; }
static const mt_plugin plugin = { MT_PLUGIN("stray", "1.0.0", "Is loaded by a test.") };
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
