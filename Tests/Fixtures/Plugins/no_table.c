/* SPDX-License-Identifier: Apache-2.0 */
/* no_table.c: martlet_plugin() returns nothing. */
#include <martlet.h>

const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return NULL; }
