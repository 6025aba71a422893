/* Calendar time of an exo that has no calendar: told by a host, kept by the exo's own ticks, never turned back.
 *
 * UTC in whole seconds since 1970, which fits 32 bits until 2106. Zero: not known.
 */
#ifndef EXO_TIME_H
#define EXO_TIME_H

#include "exo_cbor.h"

#define EXO_TIME_TEXT 20       /* "2026-11-30T13:24:40" and a zero */
#define EXO_TIME_SLACK_S 300   /* the clocks of a site differ by this much; a smaller step back changes nothing */

typedef struct {
    uint32_t utc_s; /* as it was told; 0: nobody told it since power on */
    uint64_t told_us;
} exo_clock;

/* A time as MCUmgr writes it: to the second, a fraction is ignored, "Z" or "+00:00" or nothing at its end. */
bool exo_time_read(exo_bytes text, uint32_t *utc_s);

void exo_time_write(uint32_t utc_s, char text[EXO_TIME_TEXT]);

/* The time now; 0 where it is not known. */
uint32_t exo_clock_now(const exo_clock *clock, uint64_t now_us);

/* False: earlier than the exo's own time, or than `earliest_s`. What is only a little earlier leaves the clock as
 * it is. */
bool exo_clock_tell(exo_clock *clock, uint32_t utc_s, uint32_t earliest_s, uint64_t now_us);

#endif
