/* SPDX-License-Identifier: Apache-2.0 */
/* brings_tm.c: needs "tm" 1.2, and has it loaded if the file does not. */
#include <martlet.h>

static const void   *table;
static const mt_need needs[] = { { "tm", 1, 2, MT_BRING, &table } };
static const mt_plugin plugin = {
    MT_PLUGIN("bundle", "1.0.0", "Is loaded by a test."), .needs = MT_LIST(needs),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
