// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE 1
#include <CLinux.h>
#include <netinet/tcp.h>
#include <sys/uio.h>
#include <unistd.h>

const int CL_SO_REUSEPORT = SO_REUSEPORT;
const int CL_IP_PKTINFO = IP_PKTINFO;
const int CL_IPV6_RECVPKTINFO = IPV6_RECVPKTINFO;
const int CL_IP_BIND_ADDRESS_NO_PORT = IP_BIND_ADDRESS_NO_PORT;
const int CL_SO_RCVBUFFORCE = SO_RCVBUFFORCE;

int cl_accept(int fd, struct cl_address *from) {
    struct sockaddr_in6 name;
    socklen_t size = sizeof name;
    int made = accept4(fd, (struct sockaddr *)&name, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (made >= 0) cl_address_of(&name, from);
    return made;
}

long cl_send_parts(int fd, const struct iovec *parts, int count) {
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_iov = (struct iovec *)parts;
    message.msg_iovlen = (size_t)count;
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

void cl_stamp(int fd) { cl_set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1); }

long cl_receive_stamped(int fd, void *start, size_t room, uint64_t *waited) {
    struct iovec part = {start, room};
    _Alignas(struct cmsghdr) char control[64];
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                            .msg_controllen = sizeof control};
    long count = recvmsg(fd, &header, 0);
    *waited = 0;
    if (count <= 0) return count;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_TIMESTAMPNS) continue;
        struct timespec then;
        memcpy(&then, CMSG_DATA(c), sizeof then);
        *waited = cl_age(&then);
    }
    return count;
}
