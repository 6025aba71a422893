/* The public groups: os (0), image (1), file (8), enumeration (10). */
#include <string.h>

#include "exo_smp_groups.h"
#include "exo_trail.h"

enum { OS = 0, IMAGE = 1, FILES = 8, ENUMERATION = 10, EXO = 70 };
enum { INVALID_FORMAT = 2, RTC_NOT_SET = 4, RTC_COMMAND_FAILED = 5 };
enum { NO_IMAGE = 3, INVALID_SLOT = 14, INVALID_LENGTH = 21, INVALID_HASH = 24, DATA_OVERRUN = 31, DENIED = 32 };
enum { FILE_NOT_FOUND = 3, OFFSET_NOT_VALID = 12 };
#define FILE_CHUNK (EXO_SMP_BUFFER - 128u)
#define EVENT_BYTES 12u

static const uint16_t GROUPS[] = {OS, IMAGE, FILES, ENUMERATION, EXO};
#define GROUP_COUNT ((uint32_t)(sizeof GROUPS / sizeof GROUPS[0]))

static exo_refusal refuse_while_moving(const exo_device *device) {
    return exo_refuse(EXO_SMP_SHARED, exo_safety_moves(&device->safety) ? MGMT_EBADSTATE : MGMT_OK);
}

/* os */

static exo_refusal echo(exo_device *device, exo_cbor request, exo_out *out) {
    (void)device;
    exo_bytes text;
    if (!exo_cbor_text(exo_cbor_find(request, "d"), &text)) {
        return exo_invalid();
    }
    exo_out_map(out, 1);
    exo_out_key(out, "r");
    exo_out_text(out, text.at, text.length);
    return exo_answered();
}

/* Refused while the exo assists: a reset must never be how a person loses support. */
static exo_refusal reset(exo_device *device, exo_cbor request, exo_out *out) {
    (void)request;
    const exo_refusal refused = refuse_while_moving(device);
    if (refused.code == MGMT_OK) {
        device->reset_asked = true;
        exo_out_map(out, 0);
    }
    return refused;
}

/* The exo has no calendar: a host tells it the time, and it keeps it until power off. */
static exo_refusal time_told(exo_device *device, exo_cbor request, exo_out *out) {
    exo_bytes text;
    uint32_t utc_s = 0;
    if (!exo_cbor_text(exo_cbor_find(request, "datetime"), &text) || !exo_time_read(text, &utc_s)) {
        return exo_refuse(OS, INVALID_FORMAT);
    }
    if (!exo_device_tell_time(device, utc_s)) {
        return exo_refuse(OS, RTC_COMMAND_FAILED); /* time does not run backwards */
    }
    exo_out_map(out, 0);
    return exo_answered();
}

static exo_refusal time_asked(exo_device *device, exo_cbor request, exo_out *out) {
    (void)request;
    char text[EXO_TIME_TEXT];
    const uint32_t now_s = exo_device_time(device);
    if (now_s == 0) {
        return exo_refuse(OS, RTC_NOT_SET);
    }
    exo_time_write(now_s, text);
    exo_out_map(out, 1);
    exo_out_key(out, "datetime");
    exo_out_key(out, text);
    return exo_answered();
}

static exo_refusal parameters(exo_device *device, exo_cbor request, exo_out *out) {
    (void)device;
    (void)request;
    exo_out_map(out, 2);
    exo_out_key(out, "buf_size");
    exo_out_unsigned(out, EXO_SMP_BUFFER);
    exo_out_key(out, "buf_count");
    exo_out_unsigned(out, 1);
    return exo_answered();
}

static exo_refusal application(exo_device *device, exo_cbor request, exo_out *out) {
    (void)request;
    exo_out_map(out, 1);
    exo_out_key(out, "output");
    exo_out_key(out, device->setup->firmware);
    return exo_answered();
}

/* image: slot A is image 0 slot 0, slot B is image 0 slot 1 */

static void say_truth(exo_out *out, const char *key, bool value) {
    exo_out_key(out, key);
    exo_out_truth(out, value);
}

static void say_image(const exo_device *device, uint8_t number, exo_out *out) {
    const exo_slot *slot = &device->slots.slot[number];
    const bool active = device->slots.running == number;
    exo_description found;
    exo_smp_describe(device, number, &found);
    exo_out_map(out, 9);
    exo_out_key(out, "image");
    exo_out_unsigned(out, 0);
    exo_out_key(out, "slot");
    exo_out_unsigned(out, number);
    exo_out_key(out, "version");
    if (found.version.length > 0) {
        exo_out_text(out, found.version.at, found.version.length);
    } else {
        exo_out_key(out, "0.0.0");
    }
    exo_out_key(out, "hash");
    exo_out_octets(out, slot->sha256, EXO_HASH_BYTES);
    say_truth(out, "bootable", slot->state != EXO_SLOT_BAD);
    say_truth(out, "pending", slot->state == EXO_SLOT_PENDING);
    say_truth(out, "confirmed", slot->state == EXO_SLOT_CONFIRMED);
    say_truth(out, "active", active);
    say_truth(out, "permanent", active && slot->state == EXO_SLOT_CONFIRMED);
}

static exo_refusal images(exo_device *device, exo_cbor request, exo_out *out) {
    (void)request;
    uint32_t count = 0;
    for (uint8_t number = 0; number < EXO_SLOT_COUNT; number++) {
        count += device->slots.slot[number].length > 0;
    }
    exo_out_map(out, 1);
    exo_out_key(out, "images");
    exo_out_array(out, count);
    for (uint8_t number = 0; number < EXO_SLOT_COUNT; number++) {
        if (device->slots.slot[number].length > 0) {
            say_image(device, number, out);
        }
    }
    return exo_answered();
}

/* Without a hash, confirming means the running controller. */
static const uint8_t *meant(const exo_device *device, exo_cbor request) {
    const uint8_t *hash = NULL;
    if (exo_smp_hash(exo_cbor_find(request, "hash"), &hash)) {
        return hash;
    }
    return device->slots.running < EXO_SLOT_COUNT ? device->slots.slot[device->slots.running].sha256 : NULL;
}

static exo_refusal set_image(exo_device *device, exo_cbor request, exo_out *out) {
    bool confirm = false;
    const exo_refusal refused = refuse_while_moving(device);
    if (refused.code != MGMT_OK) {
        return refused;
    }
    exo_cbor_truth(exo_cbor_find(request, "confirm"), &confirm);
    const uint8_t *hash = meant(device, request);
    if (confirm) {
        const bool done = hash != NULL && exo_device_confirm(device, hash) == EXO_SLOTS_OK;
        return done ? images(device, request, out) : exo_refuse(IMAGE, DENIED);
    }
    const exo_slots_rc code = hash == NULL ? EXO_SLOTS_NO_CONTROLLER : exo_slots_mark(&device->slots, hash);
    if (code != EXO_SLOTS_OK) {
        return exo_refuse(IMAGE, code == EXO_SLOTS_NO_CONTROLLER ? INVALID_HASH : NO_IMAGE);
    }
    return images(device, request, out);
}

/* The first part says how long and which; 0 in `code`: go on with the data. */
static exo_refusal begin(exo_device *device, exo_cbor request, uint32_t *start) {
    const uint8_t *hash = NULL;
    uint32_t length = 0;
    if (!exo_cbor_unsigned(exo_cbor_find(request, "len"), &length) ||
        !exo_smp_hash(exo_cbor_find(request, "sha"), &hash)) {
        return exo_invalid();
    }
    switch (exo_slots_begin(&device->slots, length, hash, start)) {
    case EXO_SLOTS_OK:
        return exo_answered();
    case EXO_SLOTS_BAD_REQUEST:
        return exo_refuse(IMAGE, INVALID_LENGTH);
    default:
        return exo_refuse(EXO_SMP_SHARED, MGMT_EBADSTATE);
    }
}

static exo_refusal say_offset(exo_out *out, uint32_t offset, bool ended, bool match) {
    exo_out_map(out, ended ? 2 : 1);
    exo_out_key(out, "off");
    exo_out_unsigned(out, offset);
    if (ended) {
        say_truth(out, "match", match);
    }
    return exo_answered();
}

static exo_refusal take(exo_device *device, uint32_t offset, exo_bytes data, exo_out *out) {
    const exo_reception *reception = &device->slots.reception;
    const uint32_t length = reception->length;
    const exo_slots_rc code = exo_slots_write(&device->slots, &offset, data.at, (uint32_t)data.length);
    if (code == EXO_SLOTS_HASH_MISMATCH) {
        return say_offset(out, length, true, false);
    }
    if (code != EXO_SLOTS_OK) {
        return exo_refuse(IMAGE, DATA_OVERRUN);
    }
    if (!reception->complete) {
        return say_offset(out, offset, false, false);
    }
    exo_device_received(device);
    return say_offset(out, length, true, true);
}

static exo_refusal upload(exo_device *device, exo_cbor request, exo_out *out) {
    exo_bytes data;
    uint32_t offset = 0;
    uint32_t start = 0;
    const exo_refusal refused = refuse_while_moving(device);
    if (refused.code != MGMT_OK) {
        return refused;
    }
    if (!exo_cbor_unsigned(exo_cbor_find(request, "off"), &offset) ||
        !exo_cbor_octets(exo_cbor_find(request, "data"), &data)) {
        return exo_invalid();
    }
    if (offset == 0 && exo_cbor_find(request, "len").at != NULL) {
        const exo_refusal begun = begin(device, request, &start);
        if (begun.code != MGMT_OK || start > 0) {
            return begun.code != MGMT_OK ? begun : say_offset(out, start, false, false);
        }
    }
    return take(device, offset, data, out);
}

static exo_refusal erase(exo_device *device, exo_cbor request, exo_out *out) {
    uint32_t number = 1;
    const exo_refusal refused = refuse_while_moving(device);
    if (refused.code != MGMT_OK) {
        return refused;
    }
    exo_cbor_unsigned(exo_cbor_find(request, "slot"), &number);
    if (number >= EXO_SLOT_COUNT || exo_slots_erase(&device->slots, (uint8_t)number) != EXO_SLOTS_OK) {
        return exo_refuse(IMAGE, INVALID_SLOT);
    }
    exo_out_map(out, 0);
    return exo_answered();
}

/* files: /slots/A.bin, /slots/B.bin, /log/events.bin (row, verdict, 2 zeros, microseconds; oldest first),
 * /log/trail.bin (notes of exo_trail, oldest first) */

static bool file_size(const exo_device *device, exo_cbor name, uint32_t *size) {
    const uint32_t events = device->safety.events;
    if (exo_cbor_says(name, "/log/events.bin")) {
        *size = (events < EXO_EVENTS ? events : EXO_EVENTS) * EVENT_BYTES;
        return true;
    }
    if (exo_cbor_says(name, "/log/trail.bin")) {
        *size = exo_trail_count(device->setup->hal) * EXO_TRAIL_NOTE_BYTES;
        return true;
    }
    const bool first = exo_cbor_says(name, "/slots/A.bin");
    *size = device->slots.slot[first ? EXO_SLOT_A : EXO_SLOT_B].length;
    return *size > 0 && (first || exo_cbor_says(name, "/slots/B.bin"));
}

static uint8_t event_byte(const exo_device *device, uint32_t at) {
    const uint32_t events = device->safety.events;
    const uint32_t first = events < EXO_EVENTS ? 0 : events - EXO_EVENTS;
    const exo_event *event = &device->safety.event[(first + at / EVENT_BYTES) % EXO_EVENTS];
    const uint32_t part = at % EVENT_BYTES;
    if (part < 4) {
        return part == 0 ? event->row : part == 1 ? event->verdict : 0;
    }
    return (uint8_t)(event->time_us >> (8 * (part - 4)));
}

static bool file_bytes(const exo_device *device, exo_cbor name, uint32_t offset, uint8_t *data, uint32_t count) {
    const exo_hal *hal = device->setup->hal;
    const exo_area area = exo_cbor_says(name, "/slots/A.bin") ? EXO_AREA_A : EXO_AREA_B;
    if (exo_cbor_says(name, "/log/trail.bin")) {
        return exo_trail_bytes(hal, offset, data, count);
    }
    if (!exo_cbor_says(name, "/log/events.bin")) {
        return hal->read(hal->machine, area, offset, data, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        data[i] = event_byte(device, offset + i);
    }
    return true;
}

static exo_refusal download(exo_device *device, exo_cbor request, exo_out *out) {
    const exo_cbor name = exo_cbor_find(request, "name");
    uint32_t offset = 0;
    uint32_t size = 0;
    if (!exo_cbor_unsigned(exo_cbor_find(request, "off"), &offset)) {
        return exo_invalid();
    }
    if (!file_size(device, name, &size)) {
        return exo_refuse(FILES, FILE_NOT_FOUND);
    }
    if (offset > size) {
        return exo_refuse(FILES, OFFSET_NOT_VALID);
    }
    const uint32_t count = size - offset < FILE_CHUNK ? size - offset : FILE_CHUNK;
    exo_out_map(out, offset == 0 ? 3 : 2);
    exo_out_key(out, "off");
    exo_out_unsigned(out, offset);
    if (offset == 0) {
        exo_out_key(out, "len");
        exo_out_unsigned(out, size);
    }
    exo_out_key(out, "data");
    uint8_t *data = exo_out_reserve(out, count);
    const bool read = data != NULL && file_bytes(device, name, offset, data, count);
    return read ? exo_answered() : exo_refuse(FILES, FILE_NOT_FOUND);
}

static exo_refusal file_status(exo_device *device, exo_cbor request, exo_out *out) {
    uint32_t size = 0;
    if (!file_size(device, exo_cbor_find(request, "name"), &size)) {
        return exo_refuse(FILES, FILE_NOT_FOUND);
    }
    exo_out_map(out, 1);
    exo_out_key(out, "len");
    exo_out_unsigned(out, size);
    return exo_answered();
}

/* enumeration */

static exo_refusal group_count(exo_device *device, exo_cbor request, exo_out *out) {
    (void)device;
    (void)request;
    exo_out_map(out, 1);
    exo_out_key(out, "count");
    exo_out_unsigned(out, GROUP_COUNT);
    return exo_answered();
}

static exo_refusal group_list(exo_device *device, exo_cbor request, exo_out *out) {
    (void)device;
    (void)request;
    exo_out_map(out, 1);
    exo_out_key(out, "groups");
    exo_out_array(out, GROUP_COUNT);
    for (uint32_t i = 0; i < GROUP_COUNT; i++) {
        exo_out_unsigned(out, GROUPS[i]);
    }
    return exo_answered();
}

static exo_refusal group_single(exo_device *device, exo_cbor request, exo_out *out) {
    (void)device;
    uint32_t index = 0;
    exo_cbor_unsigned(exo_cbor_find(request, "index"), &index);
    if (index >= GROUP_COUNT) {
        return exo_invalid();
    }
    const bool last = index + 1 == GROUP_COUNT;
    exo_out_map(out, last ? 2 : 1);
    exo_out_key(out, "group");
    exo_out_unsigned(out, GROUPS[index]);
    if (last) {
        say_truth(out, "end", true);
    }
    return exo_answered();
}

static const exo_route ROUTES[] = {
    {OS, 0, EXO_SMP_READ, echo},
    {OS, 0, EXO_SMP_WRITE, echo},
    {OS, 4, EXO_SMP_READ, time_asked},
    {OS, 4, EXO_SMP_WRITE, time_told},
    {OS, 5, EXO_SMP_WRITE, reset},
    {OS, 6, EXO_SMP_READ, parameters},
    {OS, 7, EXO_SMP_READ, application},
    {IMAGE, 0, EXO_SMP_READ, images},
    {IMAGE, 0, EXO_SMP_WRITE, set_image},
    {IMAGE, 1, EXO_SMP_WRITE, upload},
    {IMAGE, 5, EXO_SMP_WRITE, erase},
    {FILES, 0, EXO_SMP_READ, download},
    {FILES, 1, EXO_SMP_READ, file_status},
    {ENUMERATION, 0, EXO_SMP_READ, group_count},
    {ENUMERATION, 1, EXO_SMP_READ, group_list},
    {ENUMERATION, 2, EXO_SMP_READ, group_single},
};

uint32_t exo_smp_stock_routes(const exo_route **routes) {
    *routes = ROUTES;
    return (uint32_t)(sizeof ROUTES / sizeof ROUTES[0]);
}
