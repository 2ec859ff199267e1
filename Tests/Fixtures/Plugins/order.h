/* SPDX-License-Identifier: Apache-2.0 */
/* order.h: a plugin that writes "start NAME" and "stop NAME" to the file that its parameter names. */
#include <martlet.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static void note(const mt_host *host, const char *what) {
    char path[512], line[64];
    int  length = snprintf(line, sizeof line, "%s %s\n", what, NAME);
    snprintf(path, sizeof path, "%.*s", (int)host->params[0].str.len, host->params[0].str.ptr);
    int file = open(path, O_WRONLY | O_APPEND | O_CREAT, 0644);
    if (file < 0) return;
    if (write(file, line, (size_t)length) < 0) host->log(host, MT_LOG_ERROR, mt_s("cannot write"));
    close(file);
}
static mt_result init(const mt_host *host) { note(host, "start"); return MT_OK; }
static void      stop(const mt_host *host) { note(host, "stop"); }

static const mt_field params[] = {
    { "file", MT_STR, MT_REQUIRED | MT_VERBATIM, 0, 0, 0, 0, NULL, "Where to write.", NULL },
};
static const mt_plugin plugin = {
    MT_PLUGIN(NAME, "1.0.0", "Is loaded by a test."), .params = MT_LIST(params), .init = init, .stop = stop,
};
const mt_plugin *martlet_plugin(uint32_t host_abi) { (void)host_abi; return &plugin; }
