/* SPDX-License-Identifier: Apache-2.0 */
/* second.c: one of three that write down when they start and stop. */
#define NAME "second"
#include "order.h"
