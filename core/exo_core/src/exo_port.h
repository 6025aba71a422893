/* The loop of a machine, as a reference: a tick every 10 ms of a clock that is measured, the link in between.
 *
 * The machine calls exo_port_turn() again and again, and exo_link_put() where bytes come in, an interrupt for
 * instance. Nothing here waits. A turn that is late is told to the supervisor as late (S14), never made up for, and a
 * loop that does not turn any more is the hardware watchdog's: it is fed here once a tick and nowhere else.
 */
#ifndef EXO_PORT_H
#define EXO_PORT_H

#include "exo_link.h"

#define EXO_PORT_TICK_US 10000

typedef struct {
    void *machine; /* handed back to every function */
    /* The newest reading of each sensor, never a queued one; time and state of the link are filled in here. */
    void (*sense)(void *machine, exo_inputs *in);
    /* Bytes of it that the line takes now, without waiting. */
    uint32_t (*send)(void *machine, const uint8_t *data, uint32_t length);
    void (*feed_watchdog)(void *machine); /* one of 50 ms that cuts the motor enable */
} exo_board;

typedef struct {
    exo_device *device;
    exo_link *link;
    const exo_board *board;
    uint64_t due_us;
} exo_port;

/* After exo_device_boot() and exo_link_open(). */
void exo_port_start(exo_port *port, exo_device *device, exo_link *link, const exo_board *board);

/* True when it ticked. */
bool exo_port_turn(exo_port *port);

#endif
