// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE 1
#include <CLinux.h>
#include <unistd.h>

_Thread_local struct cl_thread cl_thread_state = {0, 0, -1};

int cl_thread_id(void) { return (int)gettid(); }
