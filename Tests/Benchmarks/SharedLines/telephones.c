// SPDX-License-Identifier: Apache-2.0
// Telephones with shared lines that subscribe, all subscribe again within one second, and unsubscribe.
//
//     telephones PORT PID LINES MEMBERS
//
// Each of LINES has MEMBERS telephones, all of them at one port of 127.0.0.1. They answer every NOTIFY, and repeat a SUBSCRIBE that was
// not answered as RFC 3261 wants it. Meanwhile somebody else asks with OPTIONS every five milliseconds. After each phase a line says
// what came of it, and how much memory the process PID has.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

struct telephone {
    char tag[80];
    int answered, notified, tries;
    double sent;
};

static struct telephone *telephones;
static int members, count, own_port, line_socket, asking_socket, sequence, expires;
static struct sockaddr_in server;
static long answered, notified, repeated, refused;
static double waited[200000], asked_at;
static int waits, questions, lost, is_asking;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static double megabytes(int pid) {
    char path[64], line[256];
    long kilobytes = 0;
    snprintf(path, sizeof path, "/proc/%d/status", pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, "VmRSS:", 6)) kilobytes = atol(line + 6);
    if (file) fclose(file);
    return kilobytes / 1024.0;
}

static void send_to_server(int descriptor, const char *text, int length) {
    sendto(descriptor, text, length, 0, (struct sockaddr *)&server, sizeof server);
}

static void subscribe(int index) {
    struct telephone *one = &telephones[index];
    int line = index / members, member = index % members;
    char text[1400];
    int length = snprintf(
        text, sizeof text,
        "SUBSCRIBE sip:line%d@sca.example SIP/2.0\r\n"
        "Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK%d-%d\r\n"
        "Max-Forwards: 70\r\n"
        "From: <sip:line%d@sca.example>;tag=f%d\r\n"
        "To: <sip:line%d@sca.example>%s%s\r\n"
        "Call-ID: call-%d-%d@telephones\r\n"
        "CSeq: %d SUBSCRIBE\r\n"
        "Contact: <sip:line%d-%d@127.0.0.1:%d>\r\n"
        "Event: call-info\r\n"
        "Expires: %d\r\n"
        "Content-Length: 0\r\n\r\n",
        line, own_port, index, sequence, line, index, line, one->tag[0] ? ";tag=" : "", one->tag, line, member, sequence, line, member,
        own_port, expires);
    send_to_server(line_socket, text, length);
    one->sent = now();
    one->tries++;
}

/// Copies the header lines of that name, one or all; returns where the copy ends.
static char *copy_lines(char *to, const char *message, const char *name, int all) {
    for (const char *at = strstr(message, "\r\n"); at; at = strstr(at, "\r\n")) {
        at += 2;
        if (strncasecmp(at, name, strlen(name))) continue;
        const char *end = strstr(at, "\r\n");
        if (!end) break;
        memcpy(to, at, end + 2 - at);
        to += end + 2 - at;
        if (!all) break;
    }
    return to;
}

static struct telephone *whose(const char *message) {
    int line, member;
    const char *id = strcasestr(message, "\r\nCall-ID: call-");
    return id && sscanf(id + 16, "%d-%d@", &line, &member) == 2 ? &telephones[line * members + member] : NULL;
}

static void notify(const char *message) {
    char text[4096];
    char *at = text + sprintf(text, "SIP/2.0 200 OK\r\n");
    at = copy_lines(at, message, "Via:", 1);
    for (const char *const *name = (const char *[]) { "From:", "To:", "Call-ID:", "CSeq:", NULL }; *name; name++)
        at = copy_lines(at, message, *name, 0);
    at += sprintf(at, "Content-Length: 0\r\n\r\n");
    send_to_server(line_socket, text, at - text);
    struct telephone *one = whose(message);
    if (!one) return;
    one->notified++;
    notified++;
}

static void answer(const char *message) {
    struct telephone *one = whose(message);
    const char *number = strcasestr(message, "\r\nCSeq: ");
    int status = atoi(message + 8);
    if (!one || !number || atoi(number + 8) != sequence || status < 200 || one->answered) return;
    if (status >= 300) refused++;
    one->answered = 1;
    answered++;
    const char *to = strcasestr(message, "\r\nTo: "), *tag = to ? strstr(to, ";tag=") : NULL;
    if (tag && !one->tag[0]) snprintf(one->tag, sizeof one->tag, "%.*s", (int)strcspn(tag + 5, ";\r"), tag + 5);
}

static void ask(void) {
    char text[600];
    questions++;
    int length = snprintf(
        text, sizeof text,
        "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:1;rport;branch=z9hG4bKo%d\r\nMax-Forwards: 70\r\n"
        "From: <sip:o@x>;tag=o\r\nTo: <sip:o@x>\r\nCall-ID: o%d\r\nCSeq: %d OPTIONS\r\nContent-Length: 0\r\n\r\n",
        questions, questions, questions);
    asked_at = now();
    send_to_server(asking_socket, text, length);
    is_asking = 1;
}

/// Takes what has come, and waits so long when there is nothing.
static void receive(int milliseconds) {
    static char message[65536];
    struct pollfd sockets[2] = { { line_socket, POLLIN, 0 }, { asking_socket, POLLIN, 0 } };
    if (!is_asking && now() - asked_at > 0.005) ask();
    if (is_asking && now() - asked_at > 2) {
        lost++;
        is_asking = 0;
    }
    poll(sockets, 2, milliseconds);
    long length;
    while (recv(asking_socket, message, sizeof message - 1, MSG_DONTWAIT) > 0) {
        if (is_asking && waits < (int)(sizeof waited / sizeof *waited)) waited[waits++] = now() - asked_at;
        is_asking = 0;
    }
    for (int most = 64; most && (length = recv(line_socket, message, sizeof message - 1, MSG_DONTWAIT)) > 0; most--) {
        message[length] = 0;
        if (!strncmp(message, "NOTIFY", 6)) notify(message);
        else answer(message);
    }
}

/// Timer E: 0.5, 1, 2 and then 4 seconds (RFC 3261, 17.1.2.2).
static void repeat(void) {
    static int next;
    double time = now();
    for (int looked = 0, sent = 0; looked < count && sent < 40; looked++) {
        struct telephone *one = &telephones[next = (next + 1) % count];
        int doublings = one->tries > 3 ? 3 : one->tries - 1;
        if (one->answered || time - one->sent < 0.5 * (1 << doublings)) continue;
        subscribe(next);
        repeated++;
        sent++;
    }
}

static int are_all_notified(void) {
    for (int index = 0; index < count; index++)
        if (!telephones[index].notified) return 0;
    return 1;
}

static int compare(const void *one, const void *other) {
    double difference = *(const double *)one - *(const double *)other;
    return difference < 0 ? -1 : difference > 0;
}

static void phase(const char *name, double seconds, int wanted, int pid) {
    sequence++;
    expires = wanted;
    answered = notified = repeated = refused = 0;
    waits = lost = 0;
    for (int index = 0; index < count; index++) telephones[index].answered = telephones[index].notified = telephones[index].tries = 0;
    double start = now(), last = start;
    long known = -1;
    for (int sent = 0; now() < start + 40;) {
        int due = (int)((now() - start) / seconds * count);
        for (int burst = 0; sent < count && sent < due && burst < 100; burst++) subscribe(sent++);
        receive(sent < count ? 0 : 5);
        if (sent < count) continue;
        if (answered < count) repeat();
        if (notified != known) {
            known = notified;
            last = now();
        }
        if (answered == count && now() - last > 1 && are_all_notified()) break;
    }
    qsort(waited, waits, sizeof *waited, compare);
    printf(
        "%-12s in %2.0f s: %ld answered, %ld refused, %ld NOTIFYs, all%s after %.1f s, %ld repeated; OPTIONS p50 %.2f p99 %.2f max %.2f ms, "
        "%d lost; %.1f MB\n",
        name, seconds, answered, refused, notified, answered == count && are_all_notified() ? "" : " NOT", last - start, repeated,
        waits ? waited[waits / 2] * 1e3 : 0, waits ? waited[waits * 99 / 100] * 1e3 : 0, waits ? waited[waits - 1] * 1e3 : 0, lost,
        megabytes(pid));
    fflush(stdout);
}

static int socket_of_our_own(void) {
    struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0), room = 64 << 20;
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    bind(descriptor, (struct sockaddr *)&name, sizeof name);
    return descriptor;
}

int main(int number, char **words) {
    if (number < 5) return fprintf(stderr, "telephones PORT PID LINES MEMBERS\n"), 2;
    int pid = atoi(words[2]);
    members = atoi(words[4]);
    count = atoi(words[3]) * members;
    telephones = calloc(count, sizeof *telephones);
    server = (struct sockaddr_in) { .sin_family = AF_INET, .sin_port = htons(atoi(words[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    line_socket = socket_of_our_own();
    asking_socket = socket_of_our_own();
    struct sockaddr_in name;
    socklen_t length = sizeof name;
    getsockname(line_socket, (struct sockaddr *)&name, &length);
    own_port = ntohs(name.sin_port);
    printf("before anybody came: %.1f MB\n", megabytes(pid));
    for (int round = 0; round < 2; round++) {
        for (int index = 0; index < count; index++) telephones[index].tag[0] = 0;
        phase("subscribe", 5, 3600, pid);
        for (int again = 0; again < 2; again++) phase("again", 1, 3600, pid);
        phase("unsubscribe", 4, 0, pid);
        for (double end = now() + 60; now() < end;) receive(20);
        printf("a minute later: %.1f MB\n", megabytes(pid));
        fflush(stdout);
    }
}
