/* What the files of the dispatcher share. */
#ifndef EXO_SMP_GROUPS_H
#define EXO_SMP_GROUPS_H

#include "exo_smp.h"

#define EXO_SMP_READ 0
#define EXO_SMP_WRITE 2
#define EXO_SMP_SHARED 0xFFFFu /* in place of a group: a refusal that all share, MCUmgr's MGMT_ERR */

enum { MGMT_OK = 0, MGMT_EINVAL = 3, MGMT_EMSGSIZE = 7, MGMT_EBADSTATE = 6, MGMT_ENOTSUP = 8 };

/* Why there is no answer: 0, or a code of `group` (EXO_SMP_SHARED: of all). */
typedef struct {
    uint16_t group;
    uint16_t code;
} exo_refusal;

typedef exo_refusal (*exo_handler)(exo_device *device, exo_cbor request, exo_out *out);

typedef struct {
    uint16_t group;
    uint8_t command;
    uint8_t operation;
    exo_handler handle;
} exo_route;

static inline exo_refusal exo_refuse(uint16_t group, uint32_t code) {
    const exo_refusal refusal = {group, (uint16_t)code};
    return refusal;
}

static inline exo_refusal exo_answered(void) { return exo_refuse(EXO_SMP_SHARED, MGMT_OK); }

static inline exo_refusal exo_invalid(void) { return exo_refuse(EXO_SMP_SHARED, MGMT_EINVAL); }

/* Each gives the number of its routes. */
uint32_t exo_smp_stock_routes(const exo_route **routes);
uint32_t exo_smp_exo_routes(const exo_route **routes);

/* Text fields of the controller in a slot, from its manifest. Not there: empty. */
typedef struct {
    uint8_t manifest[EXO_MANIFEST_BYTES];
    exo_bytes version;
    exo_bytes subject_tag;
    exo_bytes profile_id;
    double first_session_peak_nm;
    exo_release release;
} exo_description;

void exo_smp_describe(const exo_device *device, uint8_t number, exo_description *description);

/* A hash of 32 bytes. */
bool exo_smp_hash(exo_cbor item, const uint8_t **hash);

#endif
