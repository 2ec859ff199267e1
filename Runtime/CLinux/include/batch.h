// SPDX-License-Identifier: Apache-2.0
// Many datagrams with one system call.
#ifndef CLINUX_BATCH_H
#define CLINUX_BATCH_H

#include "socket.h"

enum { CL_BATCH = 64 };

/// Room for one call of recvmmsg or sendmmsg. The kernel reads and writes all of it, so it stays where it is.
struct cl_batch;

struct cl_batch *cl_batch_make(void);
void cl_batch_free(struct cl_batch *batch);

/// Where datagram i is to be received.
void cl_batch_room(struct cl_batch *batch, int i, void *bytes, size_t count);
/// Receives up to count datagrams; with to, their destination addresses as well.
int cl_batch_receive(struct cl_batch *batch, int fd, int count, bool to);
/// How long the datagram that was received last had waited in the socket, in nanoseconds. 0 where the kernel does not
/// tell: for those that came before it was first asked, which it needs in order to stamp them.
uint64_t cl_datagram_age(int fd);
/// Since that time, of the wall clock.
uint64_t cl_age(const struct timespec *then);
/// Whether more than half of the room for what waits to be received is taken.
bool cl_is_filling(int fd);
/// The size of datagram i, whether it was larger than its room, and where it came from.
uint32_t cl_batch_count(const struct cl_batch *batch, int i);
bool cl_batch_truncated(const struct cl_batch *batch, int i);
void cl_batch_from(const struct cl_batch *batch, int i, struct cl_address *out);
/// The address that datagram i was sent to, when it was asked for and is known.
bool cl_batch_to(struct cl_batch *batch, int i, uint8_t *bytes);

/// Datagram i to send; from, if any, is the address to send it from.
void cl_batch_put(struct cl_batch *batch, int i, void *bytes, size_t count, bool v4, const void *to,
                  uint16_t port, uint32_t scope, const void *from);
int cl_batch_send(struct cl_batch *batch, int fd, int first, int count);

#endif
