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
