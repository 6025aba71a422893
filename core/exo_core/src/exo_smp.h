/* Answers to MCUmgr's Simple Management Protocol: from a frame to the frame that answers it.
 *
 * Groups 0 (os), 1 (image, mapped to the controller slots), 8 (file: slots and events, read only),
 * 10 (enumeration) and 70 (the exo). Framing on the line and its CRC are the transport's.
 */
#ifndef EXO_SMP_H
#define EXO_SMP_H

#include "exo_device.h"
#include "exo_out.h"

#define EXO_SMP_BUFFER 2048
#define EXO_SMP_HEADER 8

/* The answer to a frame and its length; 0 when there is not even a header to answer to.
 * `answer` has room for EXO_SMP_BUFFER bytes and may not overlap the frame. */
uint32_t exo_smp_answer(exo_device *device, const uint8_t *frame, uint32_t length, uint8_t *answer);

/* The same for a frame that is refused unread, with a code that all groups share (MCUmgr's MGMT_ERR). */
uint32_t exo_smp_refuse(const uint8_t *frame, uint32_t length, uint32_t code, uint8_t *answer);

#endif
