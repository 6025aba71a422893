#include "exo_cbor.h"

#include <string.h>

enum { UNSIGNED = 0, NEGATIVE = 1, OCTETS = 2, TEXT = 3, ARRAY = 4, MAP = 5, TAG = 6, SIMPLE = 7 };

static const exo_cbor NOTHING = {NULL, NULL};

typedef struct {
    uint8_t major;
    uint8_t info;
    uint64_t argument;
    const uint8_t *rest; /* after the head; NULL when it is cut off or indefinite */
} head;

static head read_head(exo_cbor item) {
    head found = {0, 0, 0, NULL};
    if (item.at == NULL || item.at >= item.end) {
        return found;
    }
    found.major = (uint8_t)(item.at[0] >> 5);
    found.info = item.at[0] & 31u;
    const size_t extra = found.info < 24 ? 0 : (size_t)1 << (found.info - 24u);
    if (found.info > 27 || (size_t)(item.end - item.at) < 1 + extra) {
        return found;
    }
    found.argument = extra == 0 ? found.info : 0;
    for (size_t i = 0; i < extra; i++) {
        found.argument = found.argument << 8 | item.at[1 + i];
    }
    found.rest = item.at + 1 + extra;
    return found;
}

/* Where the item ends; NULL when it does not end inside the window. */
static const uint8_t *skip(exo_cbor item, int depth) { /* recursion is bounded by EXO_CBOR_MAX_DEPTH */
    const head found = read_head(item);
    if (found.rest == NULL || depth > EXO_CBOR_MAX_DEPTH) {
        return NULL;
    }
    const size_t left = (size_t)(item.end - found.rest);
    if (found.major == OCTETS || found.major == TEXT) {
        return found.argument <= left ? found.rest + found.argument : NULL;
    }
    if (found.major == TAG) {
        return NULL;
    }
    if (found.major != ARRAY && found.major != MAP) {
        return found.rest;
    }
    if (found.argument > left) { /* every element takes at least one byte */
        return NULL;
    }
    exo_cbor next = {found.rest, item.end};
    const uint64_t items = found.major == MAP ? 2u * found.argument : found.argument;
    for (uint64_t i = 0; i < items && next.at != NULL; i++) {
        next.at = skip(next, depth + 1);
    }
    return next.at;
}

exo_cbor exo_cbor_open(const uint8_t *data, size_t length) {
    const exo_cbor window = {data, data + length};
    const exo_cbor item = {data, skip(window, 0)};
    return item.end == NULL ? NOTHING : item;
}

size_t exo_cbor_size(exo_cbor item) { return item.at == NULL ? 0 : (size_t)(item.end - item.at); }

bool exo_cbor_is_map(exo_cbor item) { return item.at != NULL && read_head(item).major == MAP; }

/* The item at `at` inside an opened container. */
static exo_cbor inside(exo_cbor container, const uint8_t *at) {
    const exo_cbor window = {at, container.end};
    const exo_cbor item = {at, skip(window, 0)};
    return item.end == NULL ? NOTHING : item;
}

exo_cbor exo_cbor_find(exo_cbor map, const char *key) {
    const head found = read_head(map);
    const uint8_t *at = found.rest;
    if (at == NULL || found.major != MAP) {
        return NOTHING;
    }
    for (uint64_t i = 0; i < found.argument; i++) {
        const exo_cbor name = inside(map, at);
        const exo_cbor value = name.at == NULL ? NOTHING : inside(map, name.end);
        if (value.at == NULL || exo_cbor_says(name, key)) {
            return value;
        }
        at = value.end;
    }
    return NOTHING;
}

exo_cbor exo_cbor_element(exo_cbor array, uint32_t index) {
    const head found = read_head(array);
    if (found.rest == NULL || found.major != ARRAY || index >= found.argument) {
        return NOTHING;
    }
    exo_cbor element = inside(array, found.rest);
    for (uint32_t i = 0; i < index && element.at != NULL; i++) {
        element = inside(array, element.end);
    }
    return element;
}

bool exo_cbor_unsigned(exo_cbor item, uint32_t *value) {
    const head found = read_head(item);
    if (found.rest == NULL || found.major != UNSIGNED || found.argument > UINT32_MAX) {
        return false;
    }
    *value = (uint32_t)found.argument;
    return true;
}

/* Widen the 16 bits of a half to the 64 bits of a double. */
static uint64_t widen_half(uint64_t half) {
    const uint64_t sign = half >> 15 << 63;
    uint64_t exponent = half >> 10 & 31u;
    uint64_t fraction = half & 1023u;
    if (exponent == 31) {
        return sign | (uint64_t)2047 << 52 | fraction << 42;
    }
    if (exponent == 0 && fraction == 0) {
        return sign;
    }
    exponent += 1023 - 15;
    if ((half >> 10 & 31u) == 0) { /* subnormal: shift until the leading one is out */
        for (exponent++; (fraction & 1024u) == 0; exponent--) {
            fraction <<= 1;
        }
        fraction &= 1023u;
    }
    return sign | exponent << 52 | fraction << 42;
}

static double from_bits(head found) {
    double wide;
    float single;
    const uint32_t low = (uint32_t)found.argument;
    const uint64_t bits = found.info == 25 ? widen_half(found.argument) : found.argument;
    memcpy(&single, &low, sizeof single);
    memcpy(&wide, &bits, sizeof wide);
    return found.info == 26 ? (double)single : wide;
}

bool exo_cbor_number(exo_cbor item, double *value) {
    const head found = read_head(item);
    if (found.rest == NULL) {
        return false;
    }
    if (found.major == UNSIGNED || found.major == NEGATIVE) {
        const double size = (double)found.argument;
        *value = found.major == UNSIGNED ? size : -1.0 - size;
        return true;
    }
    if (found.major != SIMPLE || found.info < 25) {
        return false;
    }
    *value = from_bits(found);
    return true;
}

bool exo_cbor_truth(exo_cbor item, bool *value) {
    const head found = read_head(item);
    if (found.rest == NULL || found.major != SIMPLE || (found.info != 20 && found.info != 21)) {
        return false;
    }
    *value = found.info == 21;
    return true;
}

static bool string(exo_cbor item, uint8_t major, exo_bytes *value) {
    const head found = read_head(item);
    if (found.rest == NULL || found.major != major || found.argument > (size_t)(item.end - found.rest)) {
        return false;
    }
    value->at = found.rest;
    value->length = (size_t)found.argument;
    return true;
}

bool exo_cbor_text(exo_cbor item, exo_bytes *value) { return string(item, TEXT, value); }

bool exo_cbor_octets(exo_cbor item, exo_bytes *value) { return string(item, OCTETS, value); }

bool exo_cbor_says(exo_cbor item, const char *text) {
    exo_bytes found = {NULL, 0};
    return exo_cbor_text(item, &found) && found.length == strlen(text) &&
           memcmp(found.at, text, found.length) == 0;
}
