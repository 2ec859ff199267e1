/* SPDX-License-Identifier: Apache-2.0 */
/* newer_minor.c: needs ABI 1.4: the vendor.so of the manual. */
#define MARTLET_MINOR 4
#include <martlet.h>

static const mt_plugin plugin = { MT_PLUGIN("vendor", "2.1.0", "Looks things up.") };
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
