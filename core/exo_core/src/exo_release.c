#include "exo_release.h"

#include <string.h>

#include "exo_safety.h"

static const exo_trouble NONE = {EXO_OK, NULL};

bool exo_release_read(exo_cbor manifest, exo_release *release) {
    const exo_cbor given = exo_cbor_find(manifest, "release");
    const exo_cbor purpose = exo_cbor_find(given, "purpose");
    const bool for_people = exo_cbor_says(purpose, "supervised-human");
    bool made_up = true; /* of a patient who does not exist; one that does not say so is */
    exo_cbor_truth(exo_cbor_find(manifest, "synthetic"), &made_up);
    release->purpose = for_people ? EXO_SUPERVISED_HUMAN : EXO_VIRTUAL_ONLY;
    return (for_people || exo_cbor_says(purpose, "virtual-only")) &&
           exo_cbor_text(exo_cbor_find(given, "serial"), &release->serial) &&
           (!for_people || (release->serial.length > 0 && !made_up)) &&
           exo_cbor_unsigned(exo_cbor_find(given, "expires_s"), &release->expires_s) && release->expires_s > 0 &&
           exo_cbor_unsigned(exo_cbor_find(given, "counter"), &release->counter) && release->counter > 0;
}

static bool is_of(const exo_release *release, const char *serial) {
    const size_t length = serial == NULL ? 0 : strlen(serial);
    return release->serial.length == length && (length == 0 || memcmp(release->serial.at, serial, length) == 0);
}

static bool expired(const exo_release *release, const exo_place *place) {
    return place->now_s >= release->expires_s;
}

exo_trouble exo_release_here(const exo_release *release, const exo_place *place) {
    if (!place->is_virtual && release->purpose != EXO_SUPERVISED_HUMAN) {
        return (exo_trouble){EXO_FOR_VIRTUAL_EXO, "released for a virtual exo only"};
    }
    /* A release for people always names its exo; one for every exo of a kind is for virtual ones. */
    if (release->serial.length > 0 && !is_of(release, place->serial)) {
        return (exo_trouble){EXO_OTHER_EXO, "released for another exo"};
    }
    if (release->counter < place->counter && !place->excused) {
        return (exo_trouble){EXO_DOWNGRADE, "older than one that was kept on this exo"};
    }
    return expired(release, place) ? (exo_trouble){EXO_EXPIRED, "expired"} : NONE;
}

exo_trouble exo_release_now(const exo_release *release, const exo_place *place) {
    const exo_trouble here = exo_release_here(release, place);
    if (here.why != NULL || place->now_s > 0) {
        return here;
    }
    return (exo_trouble){EXO_NO_TIME, "the exo does not know the time, and it expires"};
}
