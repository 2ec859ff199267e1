// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE 1
#include <CLinux.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <time.h>

struct cl_batch {
    struct mmsghdr header[CL_BATCH];
    struct iovec part[CL_BATCH];
    struct sockaddr_in6 name[CL_BATCH];
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
    } control[CL_BATCH];
};

struct cl_batch *cl_batch_make(void) { return (struct cl_batch *)calloc(1, sizeof(struct cl_batch)); }
void cl_batch_free(struct cl_batch *batch) { free(batch); }

void cl_batch_room(struct cl_batch *batch, int i, void *bytes, size_t count) {
    batch->part[i].iov_base = bytes;
    batch->part[i].iov_len = count;
    batch->header[i].msg_hdr.msg_iov = &batch->part[i];
    batch->header[i].msg_hdr.msg_iovlen = 1;
    batch->header[i].msg_hdr.msg_name = &batch->name[i];
}

int cl_batch_receive(struct cl_batch *batch, int fd, int count, bool to) {
    for (int i = 0; i < count; i++) {
        struct msghdr *header = &batch->header[i].msg_hdr;
        header->msg_namelen = sizeof batch->name[i];
        header->msg_control = to ? &batch->control[i] : NULL;
        header->msg_controllen = to ? sizeof batch->control[i] : 0;
        header->msg_flags = 0;
    }
    return recvmmsg(fd, batch->header, (unsigned)count, MSG_DONTWAIT, NULL);
}

uint64_t cl_datagram_age(int fd) {
    struct timespec then;
    return ioctl(fd, SIOCGSTAMPNS, &then) == 0 ? cl_age(&then) : 0;
}

uint64_t cl_age(const struct timespec *then) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) return 0;
    int64_t age = (int64_t)(now.tv_sec - then->tv_sec) * 1000000000 + (now.tv_nsec - then->tv_nsec);
    // The clock may have been set meanwhile.
    return age < 0 || age > INT64_C(60000000000) ? 0 : (uint64_t)age;
}

bool cl_is_filling(int fd) {
    uint32_t memory[SK_MEMINFO_VARS];
    socklen_t size = sizeof memory;
    return getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &size) == 0
        && memory[SK_MEMINFO_RMEM_ALLOC] > memory[SK_MEMINFO_RCVBUF] / 2;
}

uint32_t cl_batch_count(const struct cl_batch *batch, int i) { return batch->header[i].msg_len; }
bool cl_batch_truncated(const struct cl_batch *batch, int i) {
    return (batch->header[i].msg_hdr.msg_flags & MSG_TRUNC) != 0;
}
void cl_batch_from(const struct cl_batch *batch, int i, struct cl_address *out) {
    cl_address_of(&batch->name[i], out);
}

bool cl_batch_to(struct cl_batch *batch, int i, uint8_t *bytes) {
    struct msghdr *header = &batch->header[i].msg_hdr;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            memset(bytes, 0, 10);
            bytes[10] = bytes[11] = 0xff;
            memcpy(bytes + 12, &((struct in_pktinfo *)CMSG_DATA(c))->ipi_addr, 4);
            return true;
        }
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            memcpy(bytes, &((struct in6_pktinfo *)CMSG_DATA(c))->ipi6_addr, 16);
            return true;
        }
    }
    return false;
}

void cl_batch_put(struct cl_batch *batch, int i, void *bytes, size_t count, bool v4,
                                const void *to, uint16_t port, uint32_t scope, const void *from) {
    struct msghdr *header = &batch->header[i].msg_hdr;
    batch->part[i].iov_base = bytes;
    batch->part[i].iov_len = count;
    header->msg_iov = &batch->part[i];
    header->msg_iovlen = 1;
    header->msg_name = &batch->name[i];
    header->msg_namelen = cl_name(&batch->name[i], v4, (const uint8_t *)to, port, scope);
    header->msg_flags = 0;
    header->msg_control = NULL;
    header->msg_controllen = 0;
    if (!from) return;
    struct cmsghdr *c = (struct cmsghdr *)&batch->control[i];
    memset(c, 0, sizeof batch->control[i]);
    header->msg_control = c;
    if (v4) {
        header->msg_controllen = CMSG_SPACE(sizeof(struct in_pktinfo));
        c->cmsg_level = IPPROTO_IP;
        c->cmsg_type = IP_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
        memcpy(&((struct in_pktinfo *)CMSG_DATA(c))->ipi_spec_dst, (const uint8_t *)from + 12, 4);
    } else {
        header->msg_controllen = CMSG_SPACE(sizeof(struct in6_pktinfo));
        c->cmsg_level = IPPROTO_IPV6;
        c->cmsg_type = IPV6_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof(struct in6_pktinfo));
        memcpy(&((struct in6_pktinfo *)CMSG_DATA(c))->ipi6_addr, from, 16);
    }
}

int cl_batch_send(struct cl_batch *batch, int fd, int first, int count) {
    return sendmmsg(fd, batch->header + first, (unsigned)count, MSG_DONTWAIT);
}
