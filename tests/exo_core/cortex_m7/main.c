/* Runs controllers from the file jobs.bin on a bare Cortex-M7 and writes what they answer to answers.bin.
 *
 * Files are those of the host, by semihosting. A job starts with four numbers of 32 bits: kind, bytes of the
 * controller, sequences, ticks of each. The controller follows, padded to a multiple of 4.
 *     RUN     then the motion, float32 per tick: angle and velocity, left and right; answers the torques
 *     VERIFY  then a public key; answers whether it signed the controller, and the SysTicks of reading it and
 *             of checking the signature
 *     TIME    then the motion of one sequence; answers the SysTicks of all its ticks together
 */
#include <string.h>

#include "exo_blob.h"

enum { RUN = 1, VERIFY = 2, TIME = 3 };
enum { SYS_OPEN = 1, SYS_WRITE = 5, SYS_READ = 6, SYS_EXIT = 0x18 };
enum { READ_BINARY = 1, WRITE_BINARY = 5, ENDED_WELL = 0x20026, ENDED_BADLY = 0x20023 };
#define STACK_TOP 0x20400000u
#define MOST_TICKS 256u
#define CONTROL(address) (*(volatile uint32_t *)(address))

typedef struct {
    uint32_t kind;
    uint32_t length;
    uint32_t sequences;
    uint32_t ticks;
} job;

static uint32_t controller[EXO_BLOB_MAX_BYTES / 4];
static float motion[MOST_TICKS][2 * EXO_SIDES];
static float torque[MOST_TICKS][EXO_SIDES];
static exo_runtime_state state;
static uint32_t jobs, answers;

static uint32_t host(uint32_t call, const void *arguments) {
    register uint32_t r0 __asm__("r0") = call;
    register const void *r1 __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void end(bool well) {
    host(SYS_EXIT, (const void *)(uintptr_t)(well ? ENDED_WELL : ENDED_BADLY));
    for (;;) {
    }
}

static uint32_t open_file(const char *name, uint32_t mode) {
    const uint32_t arguments[3] = {(uint32_t)(uintptr_t)name, mode, (uint32_t)strlen(name)};
    return host(SYS_OPEN, arguments);
}

/* False at the end of the file. */
static bool read_all(void *data, uint32_t length) {
    const uint32_t arguments[3] = {jobs, (uint32_t)(uintptr_t)data, length};
    return host(SYS_READ, arguments) == 0;
}

static void answer(const void *data, uint32_t length) {
    const uint32_t arguments[3] = {answers, (uint32_t)(uintptr_t)data, length};
    if (host(SYS_WRITE, arguments) != 0) {
        end(false);
    }
}

/* SysTick counts the 25 MHz of the board down. */
static void start_clock(void) {
    CONTROL(0xE000E014u) = 0xFFFFFFu;
    CONTROL(0xE000E018u) = 0;
    CONTROL(0xE000E010u) = 5;
}

static uint32_t clock_now(void) { return 0xFFFFFFu - CONTROL(0xE000E018u); }

static void step_all(const exo_blob *blob, uint32_t ticks) {
    exo_runtime_reset(&state);
    for (uint32_t tick = 0; tick < ticks; tick++) {
        exo_runtime_step(&blob->net, &blob->law, &state, motion[tick], motion[tick] + EXO_SIDES, torque[tick]);
    }
}

static void run(const exo_blob *blob, const job *asked) {
    for (uint32_t sequence = 0; sequence < asked->sequences; sequence++) {
        if (!read_all(motion, asked->ticks * (uint32_t)sizeof motion[0])) {
            end(false);
        }
        step_all(blob, asked->ticks);
        answer(torque, asked->ticks * (uint32_t)sizeof torque[0]);
    }
}

static void take_time(const exo_blob *blob, const job *asked) {
    if (!read_all(motion, asked->ticks * (uint32_t)sizeof motion[0])) {
        end(false);
    }
    start_clock();
    step_all(blob, asked->ticks);
    const uint32_t taken = clock_now();
    answer(&taken, sizeof taken);
}

static void verify(const job *asked) {
    exo_blob blob;
    exo_key key = {{0}, false};
    if (!read_all(key.raw, sizeof key.raw)) {
        end(false);
    }
    start_clock();
    const bool whole = exo_blob_open((const uint8_t *)controller, asked->length, &blob) == EXO_BLOB_OK;
    const uint32_t read = clock_now();
    const uint32_t found = whole && exo_blob_signed(&blob, &key, 1, false) ? 1u : 0u;
    const uint32_t said[3] = {found, read, clock_now() - read};
    answer(said, sizeof said);
}

static void work(const job *asked) {
    exo_blob blob;
    const uint32_t padded = (asked->length + 3u) & ~3u;
    if (padded > sizeof controller || asked->ticks > MOST_TICKS || !read_all(controller, padded) ||
        exo_blob_open((const uint8_t *)controller, asked->length, &blob) != EXO_BLOB_OK ||
        exo_blob_selftest(&blob, &state, NULL) != EXO_BLOB_OK) {
        end(false);
    }
    switch (asked->kind) {
    case RUN:
        run(&blob, asked);
        break;
    case TIME:
        take_time(&blob, asked);
        break;
    default:
        verify(asked);
    }
}

static void broken(void) { end(false); }

__attribute__((used)) void start(void) {
    job asked;
    CONTROL(0xE000ED88u) |= 0xFu << 20; /* the floating-point unit, which starts with FPSCR 0 */
    __asm__ volatile("dsb\n\tisb" ::: "memory");
    jobs = open_file("jobs.bin", READ_BINARY);
    answers = open_file("answers.bin", WRITE_BINARY);
    while (read_all(&asked, sizeof asked)) {
        work(&asked);
    }
    end(true);
}

__attribute__((section(".vectors"), used)) static const void *const VECTORS[16] = {
    (const void *)STACK_TOP, (const void *)start,  (const void *)broken, (const void *)broken,
    (const void *)broken,    (const void *)broken, (const void *)broken,
};
