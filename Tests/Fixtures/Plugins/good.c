/* SPDX-License-Identifier: Apache-2.0 */
/* good.c: everything is in order: what a test of the tests loads. */
#include <martlet.h>

static mt_result yes(mt_call *call) { (void)call; return MT_OK; }

static const mt_field    params[] = {
    { "limit", MT_INT, 0, 0, 0, 1, 100, "10", "A number.", NULL },
    { "greeting", MT_STR, 0, 0, 0, 0, 0, "hello", "A text.", NULL },
    { "pause", MT_MS, 0, 0, 0, 0, 0, "5s", "A time.", NULL },
    { "strict", MT_BOOL, 0, 0, 0, 0, 0, "no", "A switch.", NULL },
    { "line", MT_STR, MT_MANY, 0, 0, 0, 0, NULL, "One of many.", NULL },
    { "secret", MT_STR, MT_REQUIRED | MT_SECRET, 0, 0, 0, 0, NULL, "What nobody may see.", NULL },
};
static const mt_function calls[] = {
    { "good_yes", yes, NULL, { NULL, 0, 0 }, MT_IN_ANY, 0, "Says yes." },
};
static const mt_plugin plugin = {
    MT_PLUGIN("good", "1.0.0", "Is loaded by a test."), .params = MT_LIST(params),
    .functions = MT_LIST(calls),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
