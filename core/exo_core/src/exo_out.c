#include "exo_out.h"

#include <string.h>

enum { UNSIGNED = 0, OCTETS = 2, TEXT = 3, ARRAY = 4, MAP = 5, FLOAT_32 = 0xFA, FALSE = 0xF4, TRUE = 0xF5 };

static void bytes(exo_out *out, const uint8_t *data, size_t length) {
    if (out->full || (size_t)(out->end - out->at) < length) {
        out->full = true;
        return;
    }
    if (length > 0) { /* nothing may come from nowhere */
        memcpy(out->at, data, length);
        out->at += length;
    }
}

static void head(exo_out *out, uint8_t major, uint32_t argument) {
    const int extra = argument < 24 ? 0 : argument <= UINT8_MAX ? 1 : argument <= UINT16_MAX ? 2 : 4;
    const uint32_t info = extra == 0 ? argument : extra == 1 ? 24u : extra == 2 ? 25u : 26u;
    uint8_t encoded[5];
    encoded[0] = (uint8_t)((uint32_t)major << 5 | info);
    for (int i = 0; i < extra; i++) {
        encoded[1 + i] = (uint8_t)(argument >> (8 * (extra - 1 - i)));
    }
    bytes(out, encoded, (size_t)extra + 1);
}

void exo_out_map(exo_out *out, uint32_t pairs) { head(out, MAP, pairs); }

void exo_out_array(exo_out *out, uint32_t items) { head(out, ARRAY, items); }

void exo_out_key(exo_out *out, const char *key) { exo_out_text(out, (const uint8_t *)key, strlen(key)); }

void exo_out_text(exo_out *out, const uint8_t *text, size_t length) {
    head(out, TEXT, (uint32_t)length);
    bytes(out, text, length);
}

void exo_out_octets(exo_out *out, const uint8_t *data, size_t length) {
    head(out, OCTETS, (uint32_t)length);
    bytes(out, data, length);
}

void exo_out_unsigned(exo_out *out, uint32_t value) { head(out, UNSIGNED, value); }

void exo_out_real(exo_out *out, float value) {
    uint32_t bits;
    uint8_t encoded[5] = {FLOAT_32};
    memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 4; i++) {
        encoded[1 + i] = (uint8_t)(bits >> (24 - 8 * i));
    }
    bytes(out, encoded, sizeof encoded);
}

void exo_out_truth(exo_out *out, bool value) {
    const uint8_t encoded = value ? TRUE : FALSE;
    bytes(out, &encoded, 1);
}

uint8_t *exo_out_reserve(exo_out *out, size_t length) {
    head(out, OCTETS, (uint32_t)length);
    if (out->full || (size_t)(out->end - out->at) < length) {
        out->full = true;
        return NULL;
    }
    out->at += length;
    return out->at - length;
}
