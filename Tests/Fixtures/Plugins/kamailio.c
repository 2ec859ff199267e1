/* SPDX-License-Identifier: Apache-2.0 */
/* kamailio.c: looks like a module of another SIP server. */
#define EXPORTED __attribute__((visibility("default")))
EXPORTED const char *module_version = "5.6.3";
EXPORTED const char *module_flags = "-O2";
EXPORTED struct { const char *name; void *rest[16]; } exports = { "old", { 0 } };
