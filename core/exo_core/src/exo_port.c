#include "exo_port.h"

#include <string.h>

static uint64_t now_us(const exo_port *port) {
    const exo_hal *hal = port->device->setup->hal;
    return hal->now_us(hal->machine);
}

void exo_port_start(exo_port *port, exo_device *device, exo_link *link, const exo_board *board) {
    port->device = device;
    port->link = link;
    port->board = board;
    port->due_us = now_us(port);
}

/* Answers frames, and resets once the answer to that is out. */
static void talk(exo_port *port) {
    const uint8_t *data;
    exo_link_serve(port->link, port->device);
    const uint32_t waiting = exo_link_pending(port->link, &data);
    const uint32_t taken = waiting > 0 ? port->board->send(port->board->machine, data, waiting) : 0;
    exo_link_sent(port->link, taken);
    if (port->device->reset_asked && exo_link_pending(port->link, &data) == 0) {
        exo_device_boot(port->device, port->device->setup);
    }
}

static void tick(exo_port *port, uint64_t began_us) {
    exo_inputs in;
    memset(&in, 0, sizeof in);
    port->board->sense(port->board->machine, &in);
    in.now_us = began_us; /* measured, not as it should have been */
    in.link_fault = exo_link_tick(port->link);
    exo_device_tick(port->device, &in);
    port->board->feed_watchdog(port->board->machine);
}

bool exo_port_turn(exo_port *port) {
    talk(port);
    const uint64_t now = now_us(port);
    if (now < port->due_us) {
        return false;
    }
    tick(port, now);
    port->due_us += EXO_PORT_TICK_US;
    if (port->due_us <= now) { /* missed ticks are not made up for */
        port->due_us = now + EXO_PORT_TICK_US;
    }
    return true;
}
