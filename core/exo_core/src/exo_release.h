/* What a controller was released for: people or the virtual exo, which exo, until when, and the how many-th it is. */
#ifndef EXO_RELEASE_H
#define EXO_RELEASE_H

#include "exo_cbor.h"

/* The harmless one is zero, so that what was never filled in is for no person. */
typedef enum {
    EXO_VIRTUAL_ONLY = 0,
    EXO_SUPERVISED_HUMAN = 1
} exo_purpose;

typedef struct {
    exo_purpose purpose;
    exo_bytes serial;   /* of the exo it is for; empty: every one of its profile, which only a virtual one may be */
    uint32_t expires_s; /* UTC; from then on it is not armed any more */
    uint32_t counter;   /* rises with every release of the site */
} exo_release;

/* What it is held against. Zeros are the strictest: a real exo without a name. */
typedef struct {
    bool is_virtual;
    const char *serial;
    uint32_t counter; /* the largest that was ever confirmed here */
    bool excused;     /* a person answered for going back to this lower one */
    uint32_t now_s;   /* UTC; 0: not known */
} exo_place;

/* Why not; the code is one of exo_rc, 0: no reason. */
typedef struct {
    uint32_t code;
    const char *why; /* NULL: no reason */
} exo_trouble;

/* From the manifest; false: missing or malformed, or for people but for no exo in particular or of nobody real. */
bool exo_release_read(exo_cbor manifest, exo_release *release);

/* Must it not be on this exo at all? A time that is not known is no reason here. */
exo_trouble exo_release_here(const exo_release *release, const exo_place *place);

/* Must it not be armed now? Here the time has to be known. */
exo_trouble exo_release_now(const exo_release *release, const exo_place *place);

#endif
