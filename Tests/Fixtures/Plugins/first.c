/* SPDX-License-Identifier: Apache-2.0 */
/* first.c: one of three that write down when they start and stop. */
#define NAME "first"
#include "order.h"
