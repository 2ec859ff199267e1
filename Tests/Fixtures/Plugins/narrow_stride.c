/* SPDX-License-Identifier: Apache-2.0 */
/* narrow_stride.c: has a list whose items are too narrow to be items. */
#include <martlet.h>

static mt_result yes(mt_call *call) { (void)call; return MT_OK; }

static const mt_function calls[] = { { "narrow_yes", yes, NULL, { NULL, 0, 0 }, MT_IN_ANY, 0, "Says yes." } };
static const mt_plugin plugin = {
    MT_PLUGIN("narrow", "1.0.0", "Is loaded by a test."), .functions = { calls, 1, 4 },
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
