/* SPDX-License-Identifier: Apache-2.0 */
/* changing_table.c: returns another table each time. */
#include <martlet.h>

static const mt_plugin first  = { MT_PLUGIN("fickle", "1.0.0", "Is loaded by a test.") };
static const mt_plugin second = { MT_PLUGIN("fickle", "1.0.1", "Is loaded by a test.") };
const mt_plugin       *martlet_plugin(uint32_t host_abi) {
    static int times;
    (void)host_abi;
    return times++ ? &second : &first;
}
