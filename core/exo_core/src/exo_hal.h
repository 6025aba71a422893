/* What the core needs from a machine. A port fills in this table; nothing else in the core is its business.
 *
 * Storage is flash-like: an erased byte reads 0xFF, a write only touches erased bytes, erasing takes whole
 * areas. A cut of power may leave any part of the running write or erase done; what was finished stays.
 */
#ifndef EXO_HAL_H
#define EXO_HAL_H

#include "exo_config.h"

typedef enum {
    EXO_AREA_A = 0,        /* controller in slot A */
    EXO_AREA_B = 1,        /* controller in slot B */
    EXO_AREA_RECORD_0 = 2, /* journals of the slot record, written in turn */
    EXO_AREA_RECORD_1 = 3,
    EXO_AREA_TRAIL_0 = 4, /* notes of exo_trail, written in turn; of size 0 where there are none */
    EXO_AREA_TRAIL_1 = 5,
    EXO_AREAS = 6
} exo_area;

typedef struct exo_hal exo_hal;
struct exo_hal {
    void *machine; /* handed back to every function */
    /* storage; true when it worked and, for write and erase, when it will survive a power cut */
    bool (*read)(void *machine, exo_area area, uint32_t offset, uint8_t *data, uint32_t length);
    bool (*write)(void *machine, exo_area area, uint32_t offset, const uint8_t *data, uint32_t length);
    bool (*erase)(void *machine, exo_area area);
    uint32_t (*size)(void *machine, exo_area area); /* bytes of an area */
    uint64_t (*now_us)(void *machine);              /* since power on, never backwards */
    void (*random)(void *machine, uint8_t *data, uint32_t length); /* unpredictable, for nonces */
    /* Torque of both motors; not enabled means: send zero and let go. The driver clamps once more. */
    void (*motor)(void *machine, const float *torque_nm, bool enable);
};

#endif
