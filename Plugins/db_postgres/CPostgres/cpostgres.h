/* SPDX-License-Identifier: Apache-2.0 */
#include <postgresql/libpq-fe.h>
