/* SPDX-License-Identifier: Apache-2.0 */
/* no_symbol.c: a shared object that is no plugin at all. */
__attribute__((visibility("default"))) int answer(void);
int answer(void) { return 42; }
