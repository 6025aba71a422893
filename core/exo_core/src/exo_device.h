/* The exo as a whole: slots, controller, supervisor and telemetry on one machine, stepped 100 times a second. */
#ifndef EXO_DEVICE_H
#define EXO_DEVICE_H

#include "exo_blob.h"
#include "exo_safety.h"
#include "exo_slots.h"
#include "exo_time.h"

#define EXO_TELEMETRY_RECORDS 400 /* four seconds */
#define EXO_TELEMETRY_BYTES 44
#define EXO_KEYS 4

/* What this exo is and works with; stays as long as the device. `memory` starts at a multiple of 4. */
typedef struct {
    const exo_hal *hal;
    const char *firmware;
    const char *serial;
    const char *profile_id;
    bool is_virtual; /* nobody wears it. A machine that does not say so is real: the strict one is zero */
    exo_key key[EXO_KEYS]; /* whose controllers it runs */
    uint32_t keys;
    bool accept_practice; /* counts only with is_virtual: a real exo never runs what nobody answers for */
    exo_profile profile;
    uint8_t *memory; /* for the running controller */
    uint32_t room;
} exo_setup;

/* One tick, left and right. Little-endian on the wire, see exo_device_record(). */
typedef struct {
    uint32_t seq;
    uint32_t time_ms;
    uint8_t state;
    float angle_rad[EXO_SIDES];
    float velocity_rad_s[EXO_SIDES];
    float command_nm[EXO_SIDES];
    float measured_nm[EXO_SIDES];
    uint8_t strides; /* bit 0: a stride of the left leg ended, bit 1: of the right; 0 at a hip, whose angle shows it */
} exo_record;

typedef struct {
    const exo_setup *setup;
    exo_slots slots;
    exo_safety safety;
    bool has_controller;
    exo_blob blob;
    exo_envelope envelope;
    exo_runtime_state runtime;
    float wish_nm[EXO_SIDES];
    uint32_t length; /* of the controller in memory */
    uint32_t crc;    /* of it, when it was loaded */
    uint32_t blob_crc; /* of what was read out of it: law and shape of the network */
    uint32_t crc_running;
    uint32_t crc_at;
    bool weights_ok;
    uint64_t weights_us;
    exo_trouble trouble[EXO_SLOT_COUNT]; /* why the controller in a slot was refused; forgotten by a reset */
    exo_clock clock;
    uint32_t slowest_tick_us;
    bool reset_asked; /* the machine resets once the answer is out */
    uint32_t seq;
    exo_record record[EXO_TELEMETRY_RECORDS];
} exo_device;

/* A positive limit as a float: the largest that is not above it. Rounding must not raise a limit. */
float exo_at_most(double value);

/* As after power on: limits of the visit and faults are forgotten, torque is zero. */
void exo_device_boot(exo_device *device, const exo_setup *setup);

/* Load what the slots say, check signature and self-test, or go back to what ran before. */
void exo_device_start_controller(exo_device *device);

/* Golden vectors once more; a controller that fails them is not armed. False without controller. */
bool exo_device_selftest(exo_device *device, uint8_t *outputs_sha256);

/* The last byte of an upload has come: is it a controller for this exo? */
exo_slots_rc exo_device_received(exo_device *device);

/* Keep the running controller for good, and the time with it; not one that has expired by that time. */
exo_slots_rc exo_device_confirm(exo_device *device, const uint8_t *sha256);

/* Go back to the controller that was kept before, although it is older. The host says the number of this moment
 * and why; who answered for it is the host's to keep. */
exo_slots_rc exo_device_downgrade(exo_device *device, const uint8_t *sha256, const uint8_t *nonce, exo_bytes reason);

/* Hash and signature of the running controller are checked once more; one that fails is never run again. What it
 * was released for is checked too: for whom, for which exo, its counter, and whether it has expired. */
exo_rc exo_device_arm(exo_device *device, const exo_arm_request *request);

/* UTC of a host. False: earlier than the exo's own time, or than its last confirmation. */
bool exo_device_tell_time(exo_device *device, uint32_t utc_s);

/* UTC in seconds; 0: nobody told it since power on. */
uint32_t exo_device_time(const exo_device *device);

/* Sensors to motors. The device fills in what it knows of its memory. */
void exo_device_tick(exo_device *device, exo_inputs *in);

/* Oldest record that is still there. */
uint32_t exo_device_oldest(const exo_device *device);

/* One record as it goes over the line. */
void exo_device_record(const exo_device *device, uint32_t seq, uint8_t *bytes);

#endif
