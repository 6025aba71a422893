/* The line to the host, bounded: a ring for what comes, framing, and a queue for the answers. No heap, no waiting.
 *
 * A port puts bytes into it as they come, from an interrupt if it likes, lets it serve between ticks, sends what
 * waits to be sent, and ends each tick with exo_link_tick(). However much a host sends, a tick handles at most
 * EXO_LINK_FRAMES frames and looks at at most EXO_LINK_SHARE bytes, so that the control loop is never late for it.
 *
 * MCUMGR_PARAMS announces one buffer: a host waits for an answer before it asks again. One that does not is a fault
 * of the link (S20): more frames or bytes wait at the end of a tick, or more bytes come without a frame among them,
 * than the numbers below allow; the queue of answers has no room; or nobody takes the answers for half a second.
 *
 * Lines are those of SMP on a console: 0x06 0x09 or 0x04 0x14, base64, a line feed; inside length, frame, CRC-16.
 */
#ifndef EXO_LINK_H
#define EXO_LINK_H

#include "exo_smp.h"

#define EXO_LINK_FRAMES 8     /* handled in a tick */
#define EXO_LINK_SHARE 4096   /* bytes looked at in a tick */
#define EXO_LINK_INBOX 8192   /* bytes that may come in a tick; a power of 2 */
#define EXO_LINK_WAITING 4    /* frames that may still wait at the end of a tick */
#define EXO_LINK_BACKLOG 3072 /* bytes that may: one of the longest frames, and noise */
#define EXO_LINK_NOISE 6144   /* bytes that may come without a whole frame among them */
#define EXO_LINK_OUTBOX 8192  /* bytes of answers: two of the longest, and short ones */
#define EXO_LINK_ANSWERS 16   /* answers in it */
#define EXO_LINK_STUCK 50     /* ticks in which a host takes nothing of the answers that wait for it */
#define EXO_LINK_CALM 5       /* ticks within the bounds that end a flood */
#define EXO_LINK_FRAME 2052   /* the longest frame, its length and its CRC */

/* Who may use the link; the numbers other than 0 are the codes with which every frame is refused. */
typedef enum { EXO_LINK_OPEN = 0, EXO_LINK_IN_USE = 10, EXO_LINK_DENIED = 11 } exo_link_use;

typedef struct {
    exo_link_use use;
    volatile uint32_t put;   /* bytes ever put into the ring; written by exo_link_put() only, as `lost` */
    volatile uint32_t lost;  /* bytes for which it had no room */
    volatile uint32_t taken; /* bytes ever taken out of it */
    uint32_t put_seen;       /* as the tick before saw them */
    uint32_t lost_seen;
    uint32_t frames_left; /* of this tick */
    uint32_t share_left;
    uint32_t noise; /* bytes looked at since the last whole frame */
    bool flooded;
    uint32_t calm; /* ticks within the bounds since */
    /* the frame that is being read */
    uint8_t before;  /* the last byte that was looked at */
    bool inside;     /* a frame has begun */
    bool reading;    /* this line belongs to it */
    uint8_t quad;    /* characters of the four that are three bytes */
    uint8_t padding; /* of them, = */
    uint32_t bits;
    uint32_t length;
    uint8_t frame[EXO_LINK_FRAME];
    /* answers, oldest first */
    uint32_t answers;
    uint32_t answer_bytes[EXO_LINK_ANSWERS]; /* still to be sent */
    bool is_telemetry[EXO_LINK_ANSWERS];
    bool begun;       /* a part of the oldest one is out already */
    uint32_t pending; /* bytes of all of them */
    bool refused;     /* in this tick an answer had no room */
    bool moved;       /* in this tick the host took something */
    uint32_t stuck;   /* ticks in which it took nothing */
    uint8_t answer[EXO_LINK_FRAME];
    uint8_t inbox[EXO_LINK_INBOX];
    uint8_t outbox[EXO_LINK_OUTBOX];
} exo_link;

/* A new host: nothing of the one before is left. */
void exo_link_open(exo_link *link, exo_link_use use);

/* Bytes that came. What has no room is lost, and counts as a flood. May interrupt the other functions. */
void exo_link_put(exo_link *link, const uint8_t *data, uint32_t length);

/* Handles the frames that came, as many as are left of this tick's. Ends early when the host asked for a reset: send
 * the answer, boot, then serve again. `device` is not needed by a link that refuses every frame. */
void exo_link_serve(exo_link *link, exo_device *device);

/* Bytes to be sent; exo_link_sent() says how many of them went out. */
uint32_t exo_link_pending(const exo_link *link, const uint8_t **data);
void exo_link_sent(exo_link *link, uint32_t length);

/* Once a tick, before exo_device_tick(). True: a fault of the link, for `exo_inputs.link_fault`. */
bool exo_link_tick(exo_link *link);

#endif
