/* SPDX-License-Identifier: Apache-2.0 */
/* kamailio.c: looks like a module of another SIP server. */
__attribute__((visibility("default"))) const char *module_version = "5.6.3";
__attribute__((visibility("default"))) const char *module_flags = "-O2";
__attribute__((visibility("default"))) struct { const char *name; void *rest[16]; } exports = { "old", { 0 } };
