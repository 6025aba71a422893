#include "exo_link.h"

#include <string.h>

enum { START_1 = 0x06, START_2 = 0x09, MORE_1 = 0x04, MORE_2 = 0x14, LINE_FEED = 0x0A, RETURN = 0x0D };
enum { TELEMETRY_GROUP = 70, TELEMETRY = 8 };
#define AROUND 4u       /* bytes around a frame: its length and its CRC */
#define LINE_BYTES 93u  /* of a frame; 124 characters */
#define NO_DIGIT 64u

typedef char exo_link_needs_a_power_of_2[(EXO_LINK_INBOX & (EXO_LINK_INBOX - 1)) == 0 ? 1 : -1];
typedef char exo_link_needs_room[EXO_LINK_FRAME == EXO_SMP_BUFFER + 4 ? 1 : -1];

void exo_link_open(exo_link *link, exo_link_use use) {
    memset(link, 0, sizeof *link);
    link->use = use;
    link->frames_left = EXO_LINK_FRAMES;
    link->share_left = EXO_LINK_SHARE;
}

/* what comes */

void exo_link_put(exo_link *link, const uint8_t *data, uint32_t length) {
    const uint32_t room = EXO_LINK_INBOX - (link->put - link->taken);
    const uint32_t count = length < room ? length : room;
    for (uint32_t i = 0; i < count; i++) {
        link->inbox[(link->put + i) % EXO_LINK_INBOX] = data[i];
    }
    link->put += count;
    link->lost += length - count;
}

/* CRC-16/XMODEM; over a frame and its own CRC it is 0. */
static uint16_t crc16(const uint8_t *data, uint32_t length) {
    uint32_t crc = 0;
    for (uint32_t i = 0; i < length; i++) {
        crc ^= (uint32_t)data[i] << 8;
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc & 0x8000u) != 0 ? crc << 1 ^ 0x1021u : crc << 1;
        }
    }
    return (uint16_t)crc;
}

static uint32_t digit(uint8_t character) {
    if (character >= 'A' && character <= 'Z') {
        return (uint32_t)character - 'A';
    }
    if (character >= 'a' && character <= 'z') {
        return (uint32_t)character - 'a' + 26u;
    }
    if (character >= '0' && character <= '9') {
        return (uint32_t)character - '0' + 52u;
    }
    return character == '+' ? 62u : character == '/' ? 63u : NO_DIGIT;
}

static void begin_line(exo_link *link) {
    link->reading = link->inside;
    link->quad = link->padding = 0;
    link->bits = 0;
}

static void give_up(exo_link *link) { link->inside = link->reading = false; }

static void keep_quad(exo_link *link) {
    const uint32_t count = 3u - link->padding;
    if (link->padding > 2 || link->length + count > EXO_LINK_FRAME) {
        give_up(link);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        link->frame[link->length++] = (uint8_t)(link->bits >> (16u - 8u * i));
    }
    link->quad = 0;
    link->bits = 0;
}

static void read_character(exo_link *link, uint8_t character) {
    const bool pad = character == '=';
    const uint32_t value = pad ? 0u : digit(character);
    if (value == NO_DIGIT || (!pad && link->padding > 0)) {
        give_up(link);
        return;
    }
    link->padding = (uint8_t)(link->padding + (pad ? 1u : 0u));
    link->bits = link->bits << 6 | value;
    if (++link->quad == 4) {
        keep_quad(link);
    }
}

/* True when the line was the last one of a frame whose CRC is right. */
static bool end_line(exo_link *link) {
    if (!link->reading) {
        return false;
    }
    link->reading = false;
    if (link->quad != 0 || link->length < 2) {
        link->inside = link->quad == 0;
        return false;
    }
    const uint32_t said = (uint32_t)link->frame[0] << 8 | link->frame[1];
    if (said + 2u > EXO_LINK_FRAME || link->length >= said + 2u) {
        link->inside = false;
    }
    return link->length == said + 2u && said > 2 && crc16(link->frame + 2, said) == 0;
}

/* True when this byte completes a frame. */
static bool read_byte(exo_link *link, uint8_t byte) {
    const uint8_t before = link->before;
    link->before = byte;
    if (before == START_1 && byte == START_2) {
        link->inside = true;
        link->length = 0;
        begin_line(link);
    } else if (before == MORE_1 && byte == MORE_2) {
        begin_line(link);
    } else if (byte == LINE_FEED) {
        return end_line(link);
    } else if (link->reading && byte != RETURN) {
        read_character(link, byte);
    }
    return false;
}

/* the answers */

static void remove_answer(exo_link *link, uint32_t number) {
    uint32_t from = 0;
    for (uint32_t i = 0; i < number; i++) {
        from += link->answer_bytes[i];
    }
    const uint32_t to = from + link->answer_bytes[number];
    memmove(link->outbox + from, link->outbox + to, link->pending - to);
    link->pending -= to - from;
    link->answers--;
    for (uint32_t i = number; i < link->answers; i++) {
        link->answer_bytes[i] = link->answer_bytes[i + 1];
        link->is_telemetry[i] = link->is_telemetry[i + 1];
    }
}

static uint32_t on_the_line(uint32_t length) {
    const uint32_t bytes = length + AROUND;
    return (bytes + 2u) / 3u * 4u + 3u * ((bytes + LINE_BYTES - 1u) / LINE_BYTES);
}

/* Room for the longest answer; the oldest telemetry makes it, unless a part of it is out. */
static bool make_room(exo_link *link) {
    const uint32_t most = EXO_LINK_OUTBOX - on_the_line(EXO_SMP_BUFFER);
    for (uint32_t i = link->begun ? 1u : 0u; i < link->answers;) {
        if (link->pending <= most && link->answers < EXO_LINK_ANSWERS) {
            return true;
        }
        if (link->is_telemetry[i]) {
            remove_answer(link, i);
        } else {
            i++;
        }
    }
    return link->pending <= most && link->answers < EXO_LINK_ANSWERS;
}

static void write_quad(uint8_t *text, const uint8_t *data, uint32_t count) {
    static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = (uint32_t)data[0] << 16;
    bits |= count > 1 ? (uint32_t)data[1] << 8 : 0u;
    bits |= count > 2 ? (uint32_t)data[2] : 0u;
    for (uint32_t i = 0; i < 4; i++) {
        text[i] = (uint8_t)(i <= count ? DIGITS[bits >> (18u - 6u * i) & 63u] : '=');
    }
}

/* The answer of `length` bytes behind the first two, which are for its length. */
static void queue(exo_link *link, uint32_t length, bool telemetry) {
    const uint32_t total = length + AROUND;
    const uint16_t crc = crc16(link->answer + 2, length);
    uint8_t *const first = link->outbox + link->pending;
    uint8_t *at = first;
    link->answer[0] = (uint8_t)((length + 2u) >> 8);
    link->answer[1] = (uint8_t)(length + 2u);
    link->answer[length + 2] = (uint8_t)(crc >> 8);
    link->answer[length + 3] = (uint8_t)crc;
    for (uint32_t i = 0; i < total; i += 3) {
        if (i % LINE_BYTES == 0) {
            *at++ = i == 0 ? START_1 : MORE_1;
            *at++ = i == 0 ? START_2 : MORE_2;
        }
        write_quad(at, link->answer + i, total - i < 3 ? total - i : 3u);
        at += 4;
        if ((i + 3) % LINE_BYTES == 0 || i + 3 >= total) {
            *at++ = LINE_FEED;
        }
    }
    link->answer_bytes[link->answers] = (uint32_t)(at - first);
    link->is_telemetry[link->answers++] = telemetry;
    link->pending += (uint32_t)(at - first);
}

/* Without room for the answer nothing is done either: that the link is at fault ends the assistance anyway. */
static void handle(exo_link *link, exo_device *device) {
    const uint8_t *frame = link->frame + 2;
    const uint32_t length = link->length - AROUND;
    if (!make_room(link)) {
        link->refused = true;
        return;
    }
    const uint32_t said = link->use == EXO_LINK_OPEN
                              ? exo_smp_answer(device, frame, length, link->answer + 2)
                              : exo_smp_refuse(frame, length, (uint32_t)link->use, link->answer + 2);
    if (said > 0) {
        queue(link, said, frame[4] == 0 && frame[5] == TELEMETRY_GROUP && frame[7] == TELEMETRY);
    }
}

void exo_link_serve(exo_link *link, exo_device *device) {
    while (!link->flooded && link->frames_left > 0 && link->share_left > 0 && link->taken != link->put &&
           !(link->use == EXO_LINK_OPEN && device->reset_asked)) {
        const uint8_t byte = link->inbox[link->taken % EXO_LINK_INBOX];
        link->taken++;
        link->share_left--;
        link->noise++;
        if (read_byte(link, byte)) {
            link->noise = 0;
            link->frames_left--;
            handle(link, device);
        }
    }
}

uint32_t exo_link_pending(const exo_link *link, const uint8_t **data) {
    *data = link->outbox;
    return link->pending;
}

void exo_link_sent(exo_link *link, uint32_t length) {
    uint32_t left = length < link->pending ? length : link->pending;
    link->moved = link->moved || left > 0;
    while (left > 0) {
        const uint32_t count = left < link->answer_bytes[0] ? left : link->answer_bytes[0];
        memmove(link->outbox, link->outbox + count, link->pending - count);
        link->pending -= count;
        link->answer_bytes[0] -= count;
        link->begun = link->answer_bytes[0] > 0;
        if (!link->begun) {
            remove_answer(link, 0);
        }
        left -= count;
    }
}

/* the tick */

/* Frames that begin in what waits, as far as there are more of them than `most`. */
static uint32_t frames_waiting(const exo_link *link, uint32_t put, uint32_t most) {
    uint32_t found = 0;
    uint8_t before = link->before;
    for (uint32_t at = link->taken; at != put && found <= most; at++) {
        const uint8_t byte = link->inbox[at % EXO_LINK_INBOX];
        found += before == START_1 && byte == START_2;
        before = byte;
    }
    return found;
}

/* Nobody takes the answers: they are dropped, so that the next host finds a free line. */
static bool host_is_deaf(exo_link *link) {
    link->stuck = link->pending > 0 && !link->moved ? link->stuck + 1 : 0;
    if (link->stuck < EXO_LINK_STUCK) {
        return false;
    }
    link->pending = link->answers = link->stuck = 0;
    link->begun = false;
    return true;
}

/* What comes in a flood is thrown away unread, until it is over. */
static void judge(exo_link *link, bool too_much, uint32_t put) {
    const bool calm = put - link->put_seen <= EXO_LINK_SHARE &&
                      frames_waiting(link, put, EXO_LINK_FRAMES) <= EXO_LINK_FRAMES;
    link->calm = too_much || !calm ? 0 : link->calm + 1;
    link->flooded = too_much || (link->flooded && link->calm < EXO_LINK_CALM);
    if (link->flooded) {
        link->taken = put;
        link->noise = 0;
        link->before = 0;
        give_up(link);
    }
}

bool exo_link_tick(exo_link *link) {
    const uint32_t put = link->put;
    const uint32_t lost = link->lost;
    const bool waits = !link->flooded && (put - link->taken > EXO_LINK_BACKLOG ||
                                          frames_waiting(link, put, EXO_LINK_WAITING) > EXO_LINK_WAITING);
    const bool deaf = host_is_deaf(link);
    judge(link, lost != link->lost_seen || link->refused || link->noise > EXO_LINK_NOISE || waits, put);
    link->put_seen = put;
    link->lost_seen = lost;
    link->refused = link->moved = false;
    link->frames_left = EXO_LINK_FRAMES;
    link->share_left = EXO_LINK_SHARE;
    return link->flooded || deaf;
}
