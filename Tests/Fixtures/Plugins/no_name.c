/* SPDX-License-Identifier: Apache-2.0 */
/* no_name.c: is a plugin without a name. */
#include <martlet.h>

static const mt_plugin plugin = { MT_PLUGIN(NULL, "1.0.0", "Has no name.") };
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
