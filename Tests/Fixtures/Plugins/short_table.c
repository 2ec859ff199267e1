/* SPDX-License-Identifier: Apache-2.0 */
/* short_table.c: is made with a header without the last members of mt_plugin, init and stop. It loads. */
#include <martlet.h>

static mt_result yes(mt_call *call) { (void)call; return MT_OK; }

static const mt_function calls[]  = { { "short_yes", yes, NULL, { NULL, 0, 0 }, MT_IN_ANY, 0, "Says yes." } };
static const mt_plugin   plugin = {
    .magic = MARTLET_MAGIC, .major = MARTLET_MAJOR, .size = offsetof(mt_plugin, init), .name = "short",
    .version = "1.0.0", .help = "Has a short table.", .functions = MT_LIST(calls),
    .init = (mt_result (*)(const mt_host *))1, /* must not be read */
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
