// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE 1
#include <CLinux.h>
#include <linux/filter.h>

// A program of the classic packet filter: an accumulator A, an index X, 16 words of memory M, and jumps that only go
// forward, conditional ones by 255 at most. So loops are written out, and what many places jump to stands at the end.
// Reading beyond the datagram ends it with 0.
//
// It is a hint: the worker that gets a datagram looks for itself, and hands over what is not its own. So the program
// may leave out what is rare: the compact form of the name, or another that ends like it before.
struct program {
    struct sock_filter code[BPF_MAXINSNS];
    uint16_t count;
    uint16_t to_found[CL_STEER_REACH / 4 + 8], found_count;
    uint16_t to_random[CL_STEER_REACH / 20 + 64], random_count;
    uint16_t to_done[CL_STEER_WORDS + 8], done_count;
    uint16_t to_tail[CL_STEER_WORDS], tail_count;
};

enum { HASH, VALUE, BORROWS, START };  // of M

static void add(struct program *p, uint16_t code, uint32_t k) {
    p->code[p->count++] = (struct sock_filter)BPF_STMT(code, k);
}
/// Passes over `skip` instructions when the condition does not hold.
static void unless(struct program *p, uint16_t condition, uint32_t k, uint8_t skip) {
    p->code[p->count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | condition | BPF_K, k, 0, skip);
}
static void when(struct program *p, uint16_t condition, uint32_t k, uint8_t skip) {
    p->code[p->count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | condition | BPF_K, k, skip, 0);
}
static void jump(struct program *p, uint16_t *list, uint16_t *count) {
    list[(*count)++] = p->count;
    add(p, BPF_JMP | BPF_JA, 0);
}
static void land(struct program *p, const uint16_t *list, uint16_t count) {
    for (uint16_t i = 0; i < count; i++) p->code[list[i]].k = p->count - list[i] - 1u;
}
static void random_unless(struct program *p, uint16_t condition, uint32_t k) {
    when(p, condition, k, 1);
    jump(p, p->to_random, &p->random_count);
}

/// "\nCall-ID: " in lower case, as the words that begin at its 4th to 7th byte: not at the first ones, as there are many
/// calls in URIs.
static const uint32_t windows[] = {0x6c6c2d69, 0x6c2d6964, 0x2d69643a, 0x69643a20};
enum { LOWER = 0x20202020, FIRST_WINDOW = 3, STRIDE = 4, GROUP = 5, START_LINE = 12 };

/// Looks at one word in every four bytes: one of them is a window, wherever the name stands.
static void search(struct program *p, uint32_t reach) {
    for (uint32_t at = START_LINE, step = 0; at < reach; at += STRIDE, step++) {
        if (step % GROUP == 0) {
            add(p, BPF_LD | BPF_W | BPF_LEN, 0);
            random_unless(p, BPF_JGE, at + STRIDE * GROUP);
        }
        add(p, BPF_LD | BPF_W | BPF_ABS, at);
        add(p, BPF_ALU | BPF_OR | BPF_K, LOWER);
        for (uint8_t i = 0; i < STRIDE - 1; i++) when(p, BPF_JEQ, windows[i], STRIDE - 1 - i);
        unless(p, BPF_JEQ, windows[STRIDE - 1], 2);
        add(p, BPF_LDX | BPF_W | BPF_IMM, at);
        jump(p, p->to_found, &p->found_count);
    }
    jump(p, p->to_random, &p->random_count);
}

static void advance(struct program *p, int by) {
    add(p, BPF_MISC | BPF_TXA, 0);
    add(p, BPF_ALU | BPF_ADD | BPF_K, (uint32_t)by);
    add(p, BPF_MISC | BPF_TAX, 0);
}

/// A is one of the windows, X where it stands. Leaves X at the Call-ID.
static void verify(struct program *p) {
    land(p, p->to_found, p->found_count);
    advance(p, -FIRST_WINDOW);
    add(p, BPF_LD | BPF_W | BPF_IND, FIRST_WINDOW);
    add(p, BPF_ALU | BPF_OR | BPF_K, LOWER);
    for (int i = 1; i < STRIDE; i++) {
        unless(p, BPF_JEQ, windows[i], 3);
        advance(p, -i);
    }
    add(p, BPF_LD | BPF_W | BPF_IND, 0);
    add(p, BPF_ALU | BPF_OR | BPF_K, LOWER & 0xffffff);
    random_unless(p, BPF_JEQ, 0x0a63616c);
    add(p, BPF_LD | BPF_W | BPF_IND, 4);
    add(p, BPF_ALU | BPF_OR | BPF_K, LOWER);
    random_unless(p, BPF_JEQ, 0x6c2d6964);
    add(p, BPF_LD | BPF_B | BPF_IND, 8);
    random_unless(p, BPF_JEQ, ':');
    advance(p, 9);
    add(p, BPF_LD | BPF_B | BPF_IND, 0);
    unless(p, BPF_JEQ, ' ', 3);
    advance(p, 1);
    // More blanks, or folding.
    add(p, BPF_LD | BPF_B | BPF_IND, 0);
    random_unless(p, BPF_JGT, ' ');
}

/// hash = (hash ^ value) * CL_STEER_WORD; hash ^= hash >> 15. A is the value; A and X change.
static void mix(struct program *p) {
    add(p, BPF_LDX | BPF_W | BPF_MEM, HASH);
    add(p, BPF_ALU | BPF_XOR | BPF_X, 0);
    add(p, BPF_ALU | BPF_MUL | BPF_K, CL_STEER_WORD);
    add(p, BPF_MISC | BPF_TAX, 0);
    add(p, BPF_ALU | BPF_RSH | BPF_K, 15);
    add(p, BPF_ALU | BPF_XOR | BPF_X, 0);
    add(p, BPF_ST, HASH);
    add(p, BPF_LDX | BPF_W | BPF_MEM, START);
}

/// X is where the Call-ID begins; it ends before the first blank or control character.
static void hash(struct program *p) {
    add(p, BPF_STX, START);
    add(p, BPF_LD | BPF_W | BPF_IMM, CL_STEER_SEED);
    add(p, BPF_ST, HASH);
    for (uint32_t i = 0; i < CL_STEER_WORDS; i++) {
        add(p, BPF_LD | BPF_W | BPF_IND, 0);
        add(p, BPF_ST, VALUE);
        // Is one of the four bytes less than 33? Subtracting 33 of each borrows, and its top bit was not set.
        add(p, BPF_ALU | BPF_SUB | BPF_K, 0x21212121);
        add(p, BPF_ST, BORROWS);
        add(p, BPF_LD | BPF_W | BPF_MEM, VALUE);
        add(p, BPF_ALU | BPF_XOR | BPF_K, 0xffffffff);
        add(p, BPF_ALU | BPF_AND | BPF_K, 0x80808080);
        add(p, BPF_LDX | BPF_W | BPF_MEM, BORROWS);
        add(p, BPF_ALU | BPF_AND | BPF_X, 0);
        when(p, BPF_JEQ, 0, 1);
        jump(p, p->to_tail, &p->tail_count);
        add(p, BPF_LDX | BPF_W | BPF_MEM, START);
        add(p, BPF_MISC | BPF_TXA, 0);
        add(p, BPF_ALU | BPF_ADD | BPF_K, 4);
        add(p, BPF_ST, START);
        add(p, BPF_LD | BPF_W | BPF_MEM, VALUE);
        mix(p);
    }
    jump(p, p->to_done, &p->done_count);

    land(p, p->to_tail, p->tail_count);
    add(p, BPF_LDX | BPF_W | BPF_MEM, START);
    for (uint32_t i = 0; i < 3; i++) {
        add(p, BPF_LD | BPF_B | BPF_IND, i);
        when(p, BPF_JGT, ' ', 1);
        jump(p, p->to_done, &p->done_count);
        mix(p);
    }
    land(p, p->to_done, p->done_count);
}

static int attach(int fd, uint32_t workers, uint32_t reach) {
    struct program program = {.count = 0}, *p = &program;
    if (reach) {
        search(p, reach);
        verify(p);
        hash(p);
        add(p, BPF_LD | BPF_W | BPF_MEM, HASH);
        add(p, BPF_ALU | BPF_MUL | BPF_K, CL_STEER_LAST);
        add(p, BPF_ALU | BPF_RSH | BPF_K, 16);
        add(p, BPF_ALU | BPF_MUL | BPF_K, workers);
        add(p, BPF_ALU | BPF_RSH | BPF_K, 16);
        add(p, BPF_RET | BPF_A, 0);
        land(p, p->to_random, p->random_count);
    }
    add(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_RANDOM));
    add(p, BPF_ALU | BPF_MOD | BPF_K, workers);
    add(p, BPF_RET | BPF_A, 0);
    struct sock_fprog whole = {p->count, p->code};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &whole, sizeof whole);
}

int cl_spread(int fd, uint32_t workers) {
    // Kernels before 6.7 allow for less: net.core.optmem_max.
    for (uint32_t reach = CL_STEER_REACH; reach >= 100; reach /= 2)
        if (attach(fd, workers, reach) == 0) return 0;
    return attach(fd, workers, 0);
}
