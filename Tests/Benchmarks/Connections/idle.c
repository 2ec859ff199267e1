// SPDX-License-Identifier: Apache-2.0
// Many clients that keep their connections and say nothing: TCP, TLS, WebSocket, or WebSocket over TLS.
//
//     idle TRANSPORT PORT COUNT SOURCE
//
// Opens COUNT connections to 127.0.0.1:PORT from the address SOURCE, 64 handshakes at a time, and says "ready N failed M SECONDS". Then
// it does what lines on standard input say, and says what came of it:
//
//     options    asks over each hundredth connection: "answered N of M"
//     register   registers over each, with a flow of RFC 5626: "registered N"
//     close      closes all at once: "closed TIME", by the monotonic clock
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum state { CONNECTING, SECURING, UPGRADING, READY, FAILED };

struct client {
    int descriptor;
    enum state state;
    SSL *tls;
};

static struct client *clients;
static int count, begun, open_now, ready, failed, poller, port;
static int is_secure, is_web;
static const char *transport, *source;
static SSL_CTX *context;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int put(struct client *client, const void *bytes, int size) {
    return client->tls ? SSL_write(client->tls, bytes, size) : (int)write(client->descriptor, bytes, (size_t)size);
}

static int get(struct client *client, void *bytes, int room) {
    return client->tls ? SSL_read(client->tls, bytes, room) : (int)read(client->descriptor, bytes, (size_t)room);
}

static void watch(struct client *client, unsigned events) {
    struct epoll_event event = {.events = events, .data.ptr = client};
    epoll_ctl(poller, EPOLL_CTL_MOD, client->descriptor, &event);
}

static void finish(struct client *client, int is_good) {
    client->state = is_good ? READY : FAILED;
    is_good ? ready++ : failed++;
    open_now--;
    epoll_ctl(poller, EPOLL_CTL_DEL, client->descriptor, NULL);
}

static void begin(struct client *client) {
    struct sockaddr_in own = {.sin_family = AF_INET};
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, source, &own.sin_addr);
    inet_pton(AF_INET, "127.0.0.1", &server.sin_addr);
    client->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (client->descriptor < 0 || bind(client->descriptor, (struct sockaddr *)&own, sizeof own) != 0 ||
        (connect(client->descriptor, (struct sockaddr *)&server, sizeof server) != 0 && errno != EINPROGRESS)) {
        perror("connect");
        exit(1);
    }
    client->state = CONNECTING;
    open_now++;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.ptr = client};
    epoll_ctl(poller, EPOLL_CTL_ADD, client->descriptor, &event);
}

static void upgrade(struct client *client) {
    static const char request[] =
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: sip\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n";
    if (!is_web) {
        finish(client, 1);
        return;
    }
    client->state = UPGRADING;
    if (put(client, request, sizeof request - 1) <= 0) finish(client, 0);
    else watch(client, EPOLLIN);
}

static void go_on(struct client *client) {
    if (client->state == CONNECTING) {
        int error = 0;
        socklen_t size = sizeof error;
        getsockopt(client->descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
        if (error != 0) {
            finish(client, 0);
            return;
        }
        if (!is_secure) {
            upgrade(client);
            return;
        }
        client->tls = SSL_new(context);
        SSL_set_fd(client->tls, client->descriptor);
        SSL_set_connect_state(client->tls);
        client->state = SECURING;
    }
    if (client->state == SECURING) {
        int result = SSL_do_handshake(client->tls);
        if (result == 1) {
            upgrade(client);
            return;
        }
        switch (SSL_get_error(client->tls, result)) {
        case SSL_ERROR_WANT_READ: watch(client, EPOLLIN); return;
        case SSL_ERROR_WANT_WRITE: watch(client, EPOLLIN | EPOLLOUT); return;
        default: finish(client, 0); return;
        }
    }
    char answer[2048];
    int size = get(client, answer, sizeof answer);
    if (size <= 0 && (client->tls ? SSL_get_error(client->tls, size) == SSL_ERROR_WANT_READ : errno == EAGAIN)) return;
    finish(client, size > 12 && memcmp(answer, "HTTP/1.1 101", 12) == 0);
}

// A request over a connection, as a masked frame where it is a WebSocket. Is it answered?
static int ask(struct client *client, const char *method) {
    char wire[1200];
    char *message = wire + (is_web ? 8 : 0);
    long number = client - clients;
    const char *name = is_secure ? is_web ? "WSS" : "TLS" : is_web ? "WS" : "TCP";
    int size = snprintf(
        message, sizeof wire - 8,
        "%s sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/%s x.invalid;branch=z9hG4bK%s%ld\r\nFrom: <sip:a%ld@b>;tag=1\r\n"
        "To: <sip:a%ld@b>\r\nCall-ID: %s-%s-%ld\r\nCSeq: 1 %s\r\nMax-Forwards: 10\r\nSupported: outbound, path\r\n"
        "Contact: <sip:a%ld@x.invalid;transport=%s;ob>;reg-id=1;+sip.instance=\"<urn:uuid:%s-%ld>\"\r\n"
        "Content-Length: 0\r\n\r\n",
        method, name, method, number, number, number, source, method, number, method, number, transport, source, number);
    if (is_web) {
        // A mask of zeros changes nothing.
        const unsigned char head[8] = {0x81, 0x80 | 126, (unsigned char)(size >> 8), (unsigned char)size};
        memcpy(wire, head, sizeof head);
        size += (int)sizeof head;
    }
    struct timeval patience = {.tv_sec = 5};
    fcntl(client->descriptor, F_SETFL, 0);
    setsockopt(client->descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    char answer[4096];
    return put(client, wire, size) == size && get(client, answer, sizeof answer) > 12;
}

static int ask_each(int step, const char *method, int *answered) {
    int asked = 0;
    for (int i = 0; i < count; i += step) {
        if (clients[i].state != READY) continue;
        asked++;
        *answered += ask(&clients[i], method);
    }
    return asked;
}

int main(int arguments, char **words) {
    if (arguments != 5) {
        fprintf(stderr, "idle TRANSPORT PORT COUNT SOURCE\n");
        return 2;
    }
    transport = words[1];
    port = atoi(words[2]);
    count = atoi(words[3]);
    source = words[4];
    is_web = strncmp(transport, "ws", 2) == 0;
    is_secure = strcmp(transport, "tls") == 0 || strcmp(transport, "wss") == 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (is_secure) {
        context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    }
    clients = calloc((size_t)count, sizeof *clients);
    poller = epoll_create1(0);

    double start = now();
    while (ready + failed < count) {
        while (begun < count && open_now < 64) begin(&clients[begun++]);
        struct epoll_event events[64];
        int found = epoll_wait(poller, events, 64, 20000);
        if (found <= 0) break;
        for (int i = 0; i < found; i++) {
            struct client *client = events[i].data.ptr;
            if (client->state < READY) go_on(client);
        }
    }
    printf("ready %d failed %d %.2f s\n", ready, failed, now() - start);

    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        int answered = 0;
        if (strcmp(line, "options\n") == 0) {
            int asked = ask_each(100, "OPTIONS", &answered);
            printf("answered %d of %d\n", answered, asked);
        } else if (strcmp(line, "register\n") == 0) {
            ask_each(1, "REGISTER", &answered);
            printf("registered %d\n", answered);
        } else if (strcmp(line, "close\n") == 0) {
            for (int i = 0; i < count; i++) close(clients[i].descriptor);
            printf("closed %.6f\n", now());
        }
    }
    return 0;
}
