/* SPDX-License-Identifier: Apache-2.0 */
/* crashes.c: crashes when it is called: the vendor.so of the manual's crash report. */
#include <martlet.h>

static mt_result lookup(mt_call *call) {
    (void)call;
    *(volatile int *)16 = 1;
    return MT_OK;
}
static const mt_function calls[] = {
    { "vendor_lookup", lookup, NULL, { NULL, 0, 0 }, MT_IN_ANY, 0, "Crashes." },
};
static const mt_plugin plugin = {
    MT_PLUGIN("vendor", "2.1.0", "Looks things up."), .functions = MT_LIST(calls),
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
