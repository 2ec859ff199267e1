// SPDX-License-Identifier: Apache-2.0
// Socket addresses as 16 bytes (IPv6, or IPv4-mapped), a port and a scope; options that Swift cannot name.
#ifndef CLINUX_SOCKET_H
#define CLINUX_SOCKET_H

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct cl_address {
    uint8_t bytes[16];
    uint32_t scope;
    uint16_t port;
    uint16_t reserved;
};

static inline bool cl_is_v4(const uint8_t *bytes) {
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    return memcmp(bytes, mapped, 12) == 0;
}

/// Fills name for a socket of the given family and answers its size.
static inline socklen_t cl_name(struct sockaddr_in6 *name, bool v4, const uint8_t *bytes, uint16_t port,
                                uint32_t scope) {
    memset(name, 0, sizeof *name);
    if (v4) {
        struct sockaddr_in *in = (struct sockaddr_in *)name;
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
        memcpy(&in->sin_addr, bytes + 12, 4);
        return sizeof *in;
    }
    name->sin6_family = AF_INET6;
    name->sin6_port = htons(port);
    name->sin6_scope_id = scope;
    memcpy(&name->sin6_addr, bytes, 16);
    return sizeof *name;
}

static inline void cl_address_of(const struct sockaddr_in6 *name, struct cl_address *out) {
    memset(out, 0, sizeof *out);
    if (name->sin6_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)name;
        out->bytes[10] = out->bytes[11] = 0xff;
        memcpy(out->bytes + 12, &in->sin_addr, 4);
        out->port = ntohs(in->sin_port);
    } else {
        memcpy(out->bytes, &name->sin6_addr, 16);
        out->port = ntohs(name->sin6_port);
        out->scope = name->sin6_scope_id;
    }
}

static inline int cl_socket(bool v4, bool stream) {
    int kind = stream ? SOCK_STREAM : SOCK_DGRAM;
    return socket(v4 ? AF_INET : AF_INET6, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static inline int cl_bind(int fd, const struct cl_address *to) {
    struct sockaddr_in6 name;
    socklen_t size = cl_name(&name, cl_is_v4(to->bytes), to->bytes, to->port, to->scope);
    return bind(fd, (struct sockaddr *)&name, size);
}

static inline int cl_connect(int fd, const struct cl_address *to) {
    struct sockaddr_in6 name;
    socklen_t size = cl_name(&name, cl_is_v4(to->bytes), to->bytes, to->port, to->scope);
    return connect(fd, (struct sockaddr *)&name, size);
}

int cl_accept(int fd, struct cl_address *from);

static inline int cl_local_name(int fd, struct cl_address *out) {
    struct sockaddr_in6 name;
    socklen_t size = sizeof name;
    int result = getsockname(fd, (struct sockaddr *)&name, &size);
    if (result == 0) cl_address_of(&name, out);
    return result;
}

static inline int cl_set(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value);
}

static inline int cl_get(int fd, int level, int option) {
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(fd, level, option, &value, &size) == 0 ? value : -1;
}

/// Has the kernel note when bytes come to a stream.
void cl_stamp(int fd);
/// recv on such a stream. waited: how long the last of those bytes had waited in the socket, in nanoseconds; 0 where the
/// kernel does not tell: for those that had come before.
long cl_receive_stamped(int fd, void *start, size_t room, uint64_t *waited);

struct iovec;
/// Sends on a stream without a signal when the peer is gone.
long cl_send_parts(int fd, const struct iovec *parts, int count);

/// Options whose names need _GNU_SOURCE, which Swift's view of the C library does without.
extern const int CL_SO_REUSEPORT;
extern const int CL_IP_PKTINFO;
extern const int CL_IPV6_RECVPKTINFO;
extern const int CL_IP_BIND_ADDRESS_NO_PORT;
extern const int CL_SO_RCVBUFFORCE;

#endif
