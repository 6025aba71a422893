#include "exo_smp_groups.h"

#include <string.h>

#define TABLES 2

static uint16_t big(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }

static exo_handler find(uint16_t group, uint8_t command, uint8_t operation) {
    const exo_route *tables[TABLES];
    const uint32_t counts[TABLES] = {exo_smp_stock_routes(&tables[0]), exo_smp_exo_routes(&tables[1])};
    for (int table = 0; table < TABLES; table++) {
        for (uint32_t i = 0; i < counts[table]; i++) {
            const exo_route *route = &tables[table][i];
            if (route->group == group && route->command == command && route->operation == operation) {
                return route->handle;
            }
        }
    }
    return NULL;
}

static exo_refusal handle(exo_device *device, const uint8_t *frame, uint32_t length, exo_out *out) {
    static const uint8_t NO_REQUEST[1] = {0xA0}; /* an empty map */
    const uint32_t said = length - EXO_SMP_HEADER;
    const exo_handler handler = find(big(frame + 4), frame[7], frame[0] & 7u);
    const exo_cbor request = said > 0 ? exo_cbor_open(frame + EXO_SMP_HEADER, said) : exo_cbor_open(NO_REQUEST, 1);
    if (big(frame + 2) != said || !exo_cbor_is_map(request) || (said > 0 && exo_cbor_size(request) != said)) {
        return exo_invalid();
    }
    return handler == NULL ? exo_refuse(EXO_SMP_SHARED, MGMT_ENOTSUP) : handler(device, request, out);
}

static void say_no(exo_out *out, exo_refusal refusal, uint8_t version) {
    if (refusal.group == EXO_SMP_SHARED || version == 0) {
        exo_out_map(out, 1);
        exo_out_key(out, "rc");
        exo_out_unsigned(out, refusal.code);
        return;
    }
    exo_out_map(out, 1);
    exo_out_key(out, "err");
    exo_out_map(out, 2);
    exo_out_key(out, "group");
    exo_out_unsigned(out, refusal.group);
    exo_out_key(out, "rc");
    exo_out_unsigned(out, refusal.code);
}

static bool is_request(const uint8_t *frame, uint32_t length) {
    return length >= EXO_SMP_HEADER && ((frame[0] & 7u) == EXO_SMP_READ || (frame[0] & 7u) == EXO_SMP_WRITE);
}

static uint8_t version_of(const uint8_t *frame) { return (uint8_t)(frame[0] >> 3 & 3); }

static exo_out body_of(uint8_t *answer) {
    const exo_out out = {answer + EXO_SMP_HEADER, answer + EXO_SMP_BUFFER, false};
    return out;
}

/* The header before a body that ends where `out` is; returns the length of both. */
static uint32_t finish(const uint8_t *frame, const exo_out *out, uint8_t *answer) {
    const uint32_t body = (uint32_t)(out->at - answer) - EXO_SMP_HEADER;
    memcpy(answer, frame, EXO_SMP_HEADER);
    answer[0] = (uint8_t)((uint32_t)version_of(frame) << 3 | ((frame[0] & 7u) + 1u));
    answer[1] = 0;
    answer[2] = (uint8_t)(body >> 8);
    answer[3] = (uint8_t)body;
    return EXO_SMP_HEADER + body;
}

uint32_t exo_smp_refuse(const uint8_t *frame, uint32_t length, uint32_t code, uint8_t *answer) {
    exo_out out = body_of(answer);
    if (!is_request(frame, length)) {
        return 0;
    }
    say_no(&out, exo_refuse(EXO_SMP_SHARED, code), version_of(frame));
    return finish(frame, &out, answer);
}

uint32_t exo_smp_answer(exo_device *device, const uint8_t *frame, uint32_t length, uint8_t *answer) {
    exo_out out = body_of(answer);
    if (!is_request(frame, length)) {
        return 0;
    }
    exo_refusal refusal = handle(device, frame, length, &out);
    if (out.full) {
        refusal = exo_refuse(EXO_SMP_SHARED, MGMT_EMSGSIZE);
    }
    if (refusal.code != MGMT_OK) {
        out = body_of(answer);
        say_no(&out, refusal, version_of(frame));
    }
    return finish(frame, &out, answer);
}

/* shared by the groups */

bool exo_smp_hash(exo_cbor item, const uint8_t **hash) {
    exo_bytes found;
    if (!exo_cbor_octets(item, &found) || found.length != EXO_HASH_BYTES) {
        return false;
    }
    *hash = found.at;
    return true;
}

void exo_smp_describe(const exo_device *device, uint8_t number, exo_description *found) {
    const exo_hal *hal = device->setup->hal;
    const exo_slot *slot = &device->slots.slot[number];
    const exo_area area = number == EXO_SLOT_A ? EXO_AREA_A : EXO_AREA_B;
    const uint32_t header = 32;
    memset(found, 0, sizeof *found);
    const uint32_t left = slot->length > header ? slot->length - header : 0;
    const uint32_t count = left < sizeof found->manifest ? left : (uint32_t)sizeof found->manifest;
    if (count == 0 || !hal->read(hal->machine, area, header, found->manifest, count)) {
        return;
    }
    const exo_cbor manifest = exo_cbor_open(found->manifest, count);
    exo_cbor_text(exo_cbor_find(manifest, "version"), &found->version);
    exo_cbor_text(exo_cbor_find(manifest, "subject_tag"), &found->subject_tag);
    exo_cbor_text(exo_cbor_find(exo_cbor_find(manifest, "device_profile"), "id"), &found->profile_id);
    exo_cbor_number(exo_cbor_find(manifest, "first_session_peak_nm"), &found->first_session_peak_nm);
    exo_release_read(manifest, &found->release);
}
