#include "exo_ed25519.h"

#include <string.h>

#include "exo_sha512.h"

#define WORDS 8
#define FOLD 38u /* 2^256 = 38 modulo p */
#define TOP_BIT 0x80000000u

/* A number modulo p = 2^255 - 19, lowest word first, anywhere below 2^256. */
typedef struct {
    uint32_t word[WORDS];
} number;

/* A point of the curve in extended coordinates: x = X/Z, y = Y/Z, x y = T/Z (RFC 8032, 5.1.4). */
typedef struct {
    number x, y, z, t;
} point;

static const number ZERO = {{0}};
static const number ONE = {{1}};
static const number CURVE_D = {{0x135978a3u, 0x75eb4dcau, 0x4141d8abu, 0x00700a4du, 0x7779e898u, 0x8cc74079u,
                                0x2b6ffe73u, 0x52036ceeu}};
static const number TWICE_D = {{0x26b2f159u, 0xebd69b94u, 0x8283b156u, 0x00e0149au, 0xeef3d130u, 0x198e80f2u,
                                0x56dffce7u, 0x2406d9dcu}};
static const number ROOT_OF_MINUS_ONE = {{0x4a0ea0b0u, 0xc4ee1b27u, 0xad2fe478u, 0x2f431806u, 0x3dfbd7a7u,
                                          0x2b4d0099u, 0x4fc1df0bu, 0x2b832480u}};
static const point BASE = {
    {{0x8f25d51au, 0xc9562d60u, 0x9525a7b2u, 0x692cc760u, 0xfdd6dc5cu, 0xc0a4e231u, 0xcd6e53feu, 0x216936d3u}},
    {{0x66666658u, 0x66666666u, 0x66666666u, 0x66666666u, 0x66666666u, 0x66666666u, 0x66666666u, 0x66666666u}},
    {{1}},
    {{0xa5b7dda3u, 0x6dde8ab3u, 0x775152f5u, 0x20f09f80u, 0x64abe37du, 0x66ea4e8eu, 0xd78b7665u, 0x67875f0fu}}};
/* The order of the base point. */
static const uint32_t ORDER[WORDS] = {0x5cf5d3edu, 0x5812631au, 0xa2f79cd6u, 0x14def9deu, 0, 0, 0, 0x10000000u};

/* numbers modulo p */

/* Add a little to a number; whatever leaves it at the top comes back in at the bottom. */
static void add_small(number *a, uint32_t value) {
    uint64_t carry = value;
    for (int i = 0; i < WORDS; i++) {
        carry += a->word[i];
        a->word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    a->word[0] += (uint32_t)carry * FOLD; /* after an overflow the lowest word is small */
}

static number add(const number *a, const number *b) {
    number sum;
    uint64_t carry = 0;
    for (int i = 0; i < WORDS; i++) {
        carry += (uint64_t)a->word[i] + b->word[i];
        sum.word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    add_small(&sum, (uint32_t)carry * FOLD);
    return sum;
}

/* Take a little away from a number; returns 1 when it went below zero, and is 2^256 too large then. */
static uint32_t take(number *a, const number *b) {
    uint64_t borrow = 0;
    for (int i = 0; i < WORDS; i++) {
        const uint64_t word = (uint64_t)a->word[i] - b->word[i] - borrow;
        a->word[i] = (uint32_t)word;
        borrow = word >> 63;
    }
    return (uint32_t)borrow;
}

static number subtract(const number *a, const number *b) {
    number left = *a;
    number fold = {{take(&left, b) * FOLD}};
    fold.word[0] = take(&left, &fold) * FOLD;
    take(&left, &fold);
    return left;
}

static number multiply(const number *a, const number *b) {
    uint32_t wide[2 * WORDS] = {0};
    uint64_t carry;
    number product;
    for (int i = 0; i < WORDS; i++) {
        carry = 0;
        for (int j = 0; j < WORDS; j++) {
            carry += (uint64_t)a->word[i] * b->word[j] + wide[i + j];
            wide[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        wide[i + WORDS] = (uint32_t)carry;
    }
    carry = 0;
    for (int i = 0; i < WORDS; i++) {
        carry += (uint64_t)wide[i + WORDS] * FOLD + wide[i];
        product.word[i] = (uint32_t)carry;
        carry >>= 32;
    }
    add_small(&product, (uint32_t)carry * FOLD);
    return product;
}

static number square(const number *a) { return multiply(a, a); }

static number square_times(number a, int times) {
    for (int i = 0; i < times; i++) {
        a = square(&a);
    }
    return a;
}

/* a^(2^(n + m) - 1) from a^(2^n - 1) and a^(2^m - 1). */
static number join(const number *high, const number *low, int low_bits) {
    const number shifted = square_times(*high, low_bits);
    return multiply(&shifted, low);
}

/* a^(2^250 - 1), where both powers that are needed begin. */
static number power_of_ones(const number *a) {
    const number two = join(a, a, 1);
    const number four = join(&two, &two, 2);
    const number five = join(&four, a, 1);
    const number ten = join(&five, &five, 5);
    const number twenty = join(&ten, &ten, 10);
    const number forty = join(&twenty, &twenty, 20);
    const number fifty = join(&forty, &ten, 10);
    const number hundred = join(&fifty, &fifty, 50);
    const number two_hundred = join(&hundred, &hundred, 100);
    return join(&two_hundred, &fifty, 50);
}

/* 1 / a = a^(p - 2), and p - 2 = (2^250 - 1) 2^5 + 11. */
static number invert(const number *a) {
    const number ones = power_of_ones(a);
    const number shifted = square_times(ones, 5);
    const number second = square(a);
    const number third = multiply(&second, a);
    const number eighth = square_times(*a, 3);
    const number eleventh = multiply(&eighth, &third);
    return multiply(&shifted, &eleventh);
}

/* a^((p - 5) / 8), and (p - 5) / 8 = (2^250 - 1) 2^2 + 1. */
static number root_power(const number *a) {
    const number ones = power_of_ones(a);
    const number shifted = square_times(ones, 2);
    return multiply(&shifted, a);
}

/* The one form below p. */
static number canonical(const number *a) {
    number found = *a;
    const uint32_t top = found.word[WORDS - 1] >> 31;
    found.word[WORDS - 1] &= ~TOP_BIT;
    add_small(&found, 19u * top);
    number above = found; /* p or more: plus 19 it reaches 2^255 */
    add_small(&above, 19u);
    if (above.word[WORDS - 1] & TOP_BIT) {
        above.word[WORDS - 1] &= ~TOP_BIT;
        return above;
    }
    return found;
}

static bool same(const number *a, const number *b) {
    const number left = canonical(a);
    const number right = canonical(b);
    return memcmp(&left, &right, sizeof left) == 0;
}

static bool is_odd(const number *a) { return (canonical(a).word[0] & 1u) != 0; }

/* bytes */

static void read_words(const uint8_t *bytes, uint32_t *word) {
    for (int i = 0; i < WORDS; i++) {
        word[i] = (uint32_t)bytes[4 * i] | (uint32_t)bytes[4 * i + 1] << 8 | (uint32_t)bytes[4 * i + 2] << 16 |
                  (uint32_t)bytes[4 * i + 3] << 24;
    }
}

static bool below(const uint32_t *a, const uint32_t *b) {
    for (int i = WORDS - 1; i >= 0; i--) {
        if (a[i] != b[i]) {
            return a[i] < b[i];
        }
    }
    return false;
}

/* points */

static point add_points(const point *p, const point *q) {
    const number p_minus = subtract(&p->y, &p->x);
    const number q_minus = subtract(&q->y, &q->x);
    const number p_plus = add(&p->y, &p->x);
    const number q_plus = add(&q->y, &q->x);
    const number a = multiply(&p_minus, &q_minus);
    const number b = multiply(&p_plus, &q_plus);
    const number t = multiply(&p->t, &q->t);
    const number c = multiply(&t, &TWICE_D);
    const number z = multiply(&p->z, &q->z);
    const number d = add(&z, &z);
    const number e = subtract(&b, &a);
    const number f = subtract(&d, &c);
    const number g = add(&d, &c);
    const number h = add(&b, &a);
    return (point){multiply(&e, &f), multiply(&g, &h), multiply(&f, &g), multiply(&e, &h)};
}

static point twice(const point *p) {
    const number a = square(&p->x);
    const number b = square(&p->y);
    const number z = square(&p->z);
    const number c = add(&z, &z);
    const number h = add(&a, &b);
    const number sum = add(&p->x, &p->y);
    const number squared = square(&sum);
    const number e = subtract(&h, &squared);
    const number g = subtract(&a, &b);
    const number f = add(&c, &g);
    return (point){multiply(&e, &f), multiply(&g, &h), multiply(&f, &g), multiply(&e, &h)};
}

/* x for a given y on the curve: x^2 = u / v with u = y^2 - 1 and v = d y^2 + 1. False: there is none. */
static bool find_x(const number *y, number *x) {
    const number y2 = square(y);
    const number u = subtract(&y2, &ONE);
    const number dy2 = multiply(&CURVE_D, &y2);
    const number v = add(&dy2, &ONE);
    const number v2 = square(&v);
    const number v3 = multiply(&v2, &v);
    const number uv3 = multiply(&u, &v3);
    const number v4 = square(&v2);
    const number uv7 = multiply(&uv3, &v4);
    const number power = root_power(&uv7);
    *x = multiply(&uv3, &power);
    const number x2 = square(x);
    const number check = multiply(&v, &x2);
    if (same(&check, &u)) {
        return true;
    }
    const number minus_u = subtract(&ZERO, &u);
    *x = multiply(x, &ROOT_OF_MINUS_ONE);
    return same(&check, &minus_u);
}

/* A point from its bytes; false when they are not the canonical bytes of a point. */
static bool read_point(const uint8_t *bytes, point *found) {
    const uint32_t sign = bytes[31] >> 7;
    read_words(bytes, found->y.word);
    found->y.word[WORDS - 1] &= ~TOP_BIT;
    const number reduced = canonical(&found->y);
    if (memcmp(&reduced, &found->y, sizeof reduced) != 0 || !find_x(&found->y, &found->x)) {
        return false;
    }
    if (same(&found->x, &ZERO) && sign == 1u) {
        return false; /* minus zero */
    }
    if (is_odd(&found->x) != (sign == 1u)) {
        found->x = subtract(&ZERO, &found->x);
    }
    found->z = ONE;
    found->t = multiply(&found->x, &found->y);
    return true;
}

static bool is_at(const point *p, const uint8_t *bytes) {
    const number scale = invert(&p->z);
    const number x = multiply(&p->x, &scale);
    number y = multiply(&p->y, &scale);
    number wanted;
    y = canonical(&y);
    y.word[WORDS - 1] |= is_odd(&x) ? TOP_BIT : 0u;
    read_words(bytes, wanted.word);
    return memcmp(&y, &wanted, sizeof y) == 0;
}

static bool has_small_order(const point *p) {
    point eight = twice(p);
    eight = twice(&eight);
    eight = twice(&eight);
    return same(&eight.x, &ZERO) && same(&eight.y, &eight.z);
}

static uint32_t bit_of(const uint32_t *word, int bit) { return word[bit / 32] >> (bit % 32) & 1u; }

/* s BASE + k other, both sums in one run over the bits, highest first. */
static point combine(const uint32_t *s, const uint32_t *k, const point *other) {
    const point both = add_points(&BASE, other);
    const point *const choice[4] = {NULL, &BASE, other, &both};
    point sum = {{{0}}, {{1}}, {{1}}, {{0}}};
    for (int bit = 252; bit >= 0; bit--) {
        const point *next = choice[bit_of(s, bit) | bit_of(k, bit) << 1];
        sum = twice(&sum);
        if (next != NULL) {
            sum = add_points(&sum, next);
        }
    }
    return sum;
}

/* numbers modulo the order of the base point */

/* 64 bytes, lowest first, reduced bit by bit: each step doubles, adds the next bit and takes the order away. */
static void reduce(const uint8_t *bytes, uint32_t *rest) {
    memset(rest, 0, WORDS * sizeof rest[0]);
    for (int bit = 511; bit >= 0; bit--) {
        uint32_t carry = (uint32_t)bytes[bit / 8] >> (bit % 8) & 1u;
        for (int i = 0; i < WORDS; i++) {
            const uint32_t high = rest[i] >> 31;
            rest[i] = rest[i] << 1 | carry;
            carry = high;
        }
        if (!below(rest, ORDER)) {
            uint64_t borrow = 0;
            for (int i = 0; i < WORDS; i++) {
                const uint64_t word = (uint64_t)rest[i] - ORDER[i] - borrow;
                rest[i] = (uint32_t)word;
                borrow = word >> 63;
            }
        }
    }
}

/* SHA-512(R, key, message) modulo the order. */
static void challenge(const uint8_t *signature, const uint8_t *key, const uint8_t *message, size_t length,
                      uint32_t *k) {
    exo_sha512 hash;
    uint8_t digest[EXO_SHA512_BYTES];
    exo_sha512_start(&hash);
    exo_sha512_add(&hash, signature, 32);
    exo_sha512_add(&hash, key, EXO_KEY_BYTES);
    exo_sha512_add(&hash, message, length);
    exo_sha512_end(&hash, digest);
    reduce(digest, k);
}

bool exo_ed25519_holds(const uint8_t signature[EXO_SIGNATURE_BYTES], const uint8_t key[EXO_KEY_BYTES],
                       const uint8_t *message, size_t length) {
    uint32_t s[WORDS];
    uint32_t k[WORDS];
    point a;
    read_words(signature + 32, s);
    if (!below(s, ORDER) || !read_point(key, &a) || has_small_order(&a)) {
        return false;
    }
    challenge(signature, key, message, length, k);
    a.x = subtract(&ZERO, &a.x);
    a.t = subtract(&ZERO, &a.t);
    const point r = combine(s, k, &a); /* R = s BASE - k A; its bytes are canonical, so those of R must be */
    return is_at(&r, signature);
}
