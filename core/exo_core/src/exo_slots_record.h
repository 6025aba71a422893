/* The journals of exo_slots: records that count only once they are whole. */
#ifndef EXO_SLOTS_RECORD_H
#define EXO_SLOTS_RECORD_H

#include "exo_slots.h"

/* Empty slots and the factory controller. */
void exo_slots_start_empty(exo_slots *slots);

void exo_slots_encode(const exo_slots *slots, uint8_t record[EXO_RECORD_BYTES]);

/* The newest whole record; none means: empty. False: the storage failed. */
bool exo_slots_read_record(exo_slots *slots);

/* Make what is in memory count. When that fails, what is stored counts. */
exo_slots_rc exo_slots_save(exo_slots *slots);

#endif
