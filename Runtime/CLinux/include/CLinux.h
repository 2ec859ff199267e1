// SPDX-License-Identifier: Apache-2.0
#ifndef CLINUX_H
#define CLINUX_H

#include "socket.h"
#include "batch.h"
#include "event.h"
#include "process.h"
#include "resolve.h"
#include "steer.h"
#include "thread.h"

#endif
