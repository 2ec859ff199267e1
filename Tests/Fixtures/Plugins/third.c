/* SPDX-License-Identifier: Apache-2.0 */
/* third.c: one of three that write down when they start and stop. */
#define NAME "third"
#include "order.h"
