// SPDX-License-Identifier: Apache-2.0
// What a worker and the main thread sleep on.
#ifndef CLINUX_EVENT_H
#define CLINUX_EVENT_H

#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

/// As struct epoll_event, without its packing.
struct cl_event {
    uint64_t data;
    uint32_t events;
    uint32_t reserved;
};

enum {
    CL_IN = EPOLLIN,
    CL_OUT = EPOLLOUT,
    CL_ERROR = EPOLLERR,
    CL_HANGUP = EPOLLHUP,
    CL_HALF = EPOLLRDHUP,
    CL_EVENTS = 128,
};

static const uint32_t CL_EDGE = EPOLLET;

static inline int cl_poll_make(void) { return epoll_create1(EPOLL_CLOEXEC); }

static inline int cl_poll_add(int poll, int fd, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data.u64 = data};
    return epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
}
static inline int cl_poll_change(int poll, int fd, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data.u64 = data};
    return epoll_ctl(poll, EPOLL_CTL_MOD, fd, &event);
}
static inline int cl_poll_remove(int poll, int fd) {
    struct epoll_event event = {0};
    return epoll_ctl(poll, EPOLL_CTL_DEL, fd, &event);
}

/// Waits for up to CL_EVENTS events.
static inline int cl_poll_wait(int poll, struct cl_event *out, int ms) {
    struct epoll_event events[CL_EVENTS];
    int count = epoll_wait(poll, events, CL_EVENTS, ms);
    for (int i = 0; i < count; i++) {
        out[i].data = events[i].data.u64;
        out[i].events = events[i].events;
        out[i].reserved = 0;
    }
    return count;
}

static inline int cl_wakeup_make(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

/// The signals of the set as a descriptor to read; block them first, before any thread exists.
static inline int cl_signals(const sigset_t *set) { return signalfd(-1, set, SFD_NONBLOCK | SFD_CLOEXEC); }

#endif
