/* The safety supervisor: the only code that lets torque pass, and the last one to touch it.
 *
 * It shares no code and no data with the controller: its limits look at raw sensors. It has no clock and
 * no hardware; times are arguments in microseconds since power on. Row numbers S1 to S23 are those of the
 * safety table of the design; SAFETY.md names hazard, row and test. Every check is written so that a value
 * that is no number fails it.
 *
 * A tick: exo_safety_sense() looks at what came in (S14 to S22 of the last exchange, then S9 to S12), the
 * controller runs if the sample is fit, exo_safety_drive() decides what goes to the motors (S2, S4, S6 to
 * S8, S13, then the ramp S5, the rate S3, and the clamp S1 last).
 */
#ifndef EXO_SAFETY_H
#define EXO_SAFETY_H

#include "exo_config.h"
#include "exo_joint.h"

#define EXO_AXES 3
#define EXO_NONCE_BYTES 8
#define EXO_EVENTS 32
#define EXO_WATCHED 3 /* per side: angle, velocity of the joint; at an ankle the turning of the shank too */

typedef enum {
    EXO_BOOT = 0,
    EXO_SAFE = 1,
    EXO_READY = 2,
    EXO_ARMED = 3,
    EXO_ACTIVE = 4,
    EXO_FAULT = 5
} exo_state;

/* Why a command is refused; the numbers of core.devices.exo_protocol.Rc. */
typedef enum {
    EXO_OK = 0,
    EXO_BAD_REQUEST = 2,
    EXO_BAD_STATE = 3,
    EXO_HASH_MISMATCH = 4,
    EXO_NONCE_MISMATCH = 5,
    EXO_NOT_SELFTESTED = 6,
    EXO_FAULT_LATCHED = 7,
    EXO_LIMIT_RAISED = 9,
    EXO_NOT_READY = 13,
    EXO_NOT_SIGNED = 14,
    EXO_FOR_VIRTUAL_EXO = 15, /* released for a virtual exo only, and this one is real */
    EXO_OTHER_EXO = 16,       /* released for the exo of another serial number */
    EXO_DOWNGRADE = 17,       /* older than one that was kept here */
    EXO_EXPIRED = 18,
    EXO_NO_TIME = 19,         /* it expires, and nobody told the exo the time */
    EXO_OTHER_VERSION = 20    /* of bytes that earlier versions wrote */
} exo_rc;

/* What a row asks for, from harmless to grave. */
typedef enum {
    EXO_PASS = 0,
    EXO_FADE = 1,    /* no torque until the reason is gone */
    EXO_RELEASE = 2, /* fade out, then a new arm is needed */
    EXO_LATCH = 3    /* zero at once, fault until acknowledged */
} exo_verdict;

/* Only ever tightened: the smallest of firmware, profile, package and visit holds. */
typedef struct {
    float peak_nm;
    float rate_nm_s;
    float hip_range_rad; /* of the joint, whichever the exo turns: the name is from before there were others */
    exo_direction direction;
} exo_limits;

/* What is known of this person's gait; the widest is exo_envelope_widest(). */
typedef struct {
    float rom_low_rad[EXO_SIDES]; /* S6: range of the person's joint */
    float rom_high_rad[EXO_SIDES];
    float stride_low_rad[EXO_SIDES]; /* S7: strides of the slowest and of the fastest walk in training */
    float stride_high_rad[EXO_SIDES];
    float power_low_w;               /* S4: mean power of a stride */
    float power_high_w;
    float angle_low_rad; /* S13: seen in training */
    float angle_high_rad;
    float speed_low_rad_s;
    float speed_high_rad_s;
} exo_envelope;

/* What this exo is. It can only be stricter than the firmware. */
typedef struct {
    exo_limits limits;
    float sensor_max_nm;  /* S16 */
    float continuous_nm;  /* S17: torque that the motor can hold for ever */
    float i2t_nm2_s;      /* S17: how much above it, for how long */
    float battery_low_v;  /* S19 */
    exo_joint joint;
} exo_profile;

/* What was read in this tick. `angle_rad` is that of the joint. The IMU sits on the thigh of a hip exo and on the
 * shank of an ankle exo. Axis 0 of its gyro: the segment's lower end swings forward, which at the thigh is flexion;
 * axis 0 of its accelerometer: up along the segment. */
typedef struct {
    uint64_t now_us;
    uint64_t sample_us[EXO_SIDES];
    float angle_rad[EXO_SIDES];
    float joint_rad_s[EXO_SIDES]; /* by the encoder of an ankle; a hip has its gyro for it, and this is not read */
    float gyro_rad_s[EXO_SIDES][EXO_AXES];
    float accel_g[EXO_SIDES][EXO_AXES];
    uint64_t motor_us[EXO_SIDES]; /* last reply of each motor */
    float motor_nm[EXO_SIDES];    /* torque it reports */
    float case_c[EXO_SIDES];
    float winding_c[EXO_SIDES];
    float skin_c[EXO_SIDES];
    float battery_v;
    uint64_t weights_us; /* end of the last whole check of the weights in memory */
    bool weights_ok;
    bool estop; /* pressed */
    bool link;  /* host is connected */
    bool link_fault; /* it floods the link, or takes no answers: exo_link_tick() */
} exo_inputs;

typedef struct {
    float torque_nm[EXO_SIDES];
    bool enable; /* motors may drive; false also means: send zero */
} exo_command;

typedef struct {
    uint8_t row;     /* 1 to 23 */
    uint8_t verdict; /* exo_verdict */
    uint64_t time_us;
} exo_event;

typedef struct {
    uint8_t sha256[EXO_HASH_BYTES];
    uint8_t nonce[EXO_NONCE_BYTES];
    float max_nm;
    float ramp_s;
} exo_arm_request;

/* S9 to S11 */
typedef struct {
    bool seen;
    bool fit;    /* the sample of this tick may be used */
    float fresh; /* 1, falling to 0 while the sample gets old */
    uint64_t sample_us[EXO_SIDES];
    float raw[EXO_SIDES][EXO_WATCHED];
    uint16_t same[EXO_SIDES][EXO_WATCHED];
    uint16_t implausible;
} exo_imu_watch;

/* S12; good: 1, bad: -1, not known yet: 0 */
typedef struct {
    int8_t standing;
    int8_t walking;
    uint32_t rest_us;
    uint16_t steps;
    uint32_t samples;
    float gravity[EXO_SIDES][EXO_AXES];
    float gyro_sum[EXO_SIDES][EXO_AXES];
    float gyro_square[EXO_SIDES][EXO_AXES];
    float swing_sum[EXO_SIDES]; /* of what must alternate: speed of the thighs, or lean of the shanks */
    float swing_square[EXO_SIDES];
    float both_sides;
    float slope_square[EXO_SIDES];
    float slope_speed[EXO_SIDES];
    float speed_square[EXO_SIDES];
    float dorsiflexed_rad[EXO_SIDES]; /* ankle: while the body moves over the foot */
    float angle_rad[EXO_SIDES];
} exo_placement;

/* Strides of one side: S4, S7, S8. Those of a hip from peak to peak of the raw thigh angle. An ankle has two peaks a
 * stride, and the larger is not always the same one; its strides are found by the shank, which leans forward once. */
typedef struct {
    bool found; /* a peak, in this tick */
    bool falling;
    float high_rad;
    float low_rad;
    uint64_t high_us;
    uint64_t peak_us; /* last peak; 0 before the first */
    float energy_j;
    uint16_t strides; /* good ones in a row */
    uint16_t power_bad;
    uint16_t rom_bad;
    uint16_t rom_good;
    bool rom_faded;
    float reference_rad; /* S7: what the next stride is held against; 0: not known yet */
    float lean_rad;      /* ankle: of the shank, forward, against its mean of the last half second */
    float middle_rad;    /* of the lean, in the stride before */
    float joint_low_rad; /* ankle: of this stride so far */
    float joint_high_rad;
} exo_stride;

typedef struct {
    exo_state state;
    exo_profile profile;
    exo_limits device; /* firmware and profile */
    exo_limits package;
    exo_limits visit;
    exo_envelope envelope;
    bool has_controller;
    bool trial;
    uint8_t sha256[EXO_HASH_BYTES];
    uint8_t nonce[EXO_NONCE_BYTES];
    bool nonce_fresh;
    float session_peak_nm;
    uint32_t ramp_us;

    uint64_t now_us;
    uint32_t tick_us; /* since the tick before */
    uint64_t heard_us;
    bool releasing;
    uint64_t release_us;
    float gain;
    float derate;
    float wish_nm[EXO_SIDES];
    float command_nm[EXO_SIDES];

    exo_imu_watch imu;
    exo_placement placement;
    exo_stride stride[EXO_SIDES];
    bool inside[EXO_SIDES];
    uint64_t inside_us; /* S6: last time both sides were in range */
    uint64_t strange_us; /* S13: last time something was outside, 0: never */
    uint64_t tracked_us[EXO_SIDES];
    float i2t[EXO_SIDES];
    uint16_t i2t_over[EXO_SIDES];
    uint32_t skin_us;
    uint32_t saturated_us;

    uint32_t late_ticks;
    bool saturated;   /* S1: for more than half a second */
    bool revert;      /* S22: the controller in memory is not to be trusted */
    uint8_t blocked;  /* row that keeps it from being ready; 0: none */
    uint32_t events;  /* number ever logged */
    exo_event event[EXO_EVENTS]; /* ring; the newest is events - 1 modulo EXO_EVENTS */
} exo_safety;

exo_limits exo_limits_tightest(exo_limits one, exo_limits other);
exo_limits exo_limits_firmware(exo_joint joint);
exo_envelope exo_envelope_widest(void);

/* Velocity of the joint of one side. */
float exo_joint_speed(exo_joint joint, const exo_inputs *in, int side);

/* Power on: BOOT, nothing known. */
void exo_safety_init(exo_safety *safety, const exo_profile *profile);

/* The core checked itself: BOOT to SAFE. */
void exo_safety_start(exo_safety *safety);

/* A controller passed its self-test, or none (`sha256` NULL). Ends in zero torque. */
void exo_safety_use(exo_safety *safety, const uint8_t *sha256, exo_limits package, exo_envelope envelope,
                    bool trial);

/* The running controller is no trial any more. */
void exo_safety_confirm(exo_safety *safety);

/* The exo was put on anew: look at the placement of its sensors again (S12). */
void exo_safety_wear(exo_safety *safety);

exo_limits exo_safety_limits(const exo_safety *safety);

/* Largest torque allowed now; zero unless armed. */
float exo_safety_peak(const exo_safety *safety);

/* The same with its direction: the smallest and the largest torque. */
void exo_safety_allowed(const exo_safety *safety, float *lowest_nm, float *highest_nm);

/* Limits of this visit; they can only become smaller, and only at rest. */
exo_rc exo_safety_tighten(exo_safety *safety, exo_limits wanted);

/* A random number that the next arm must repeat; each serves one try. */
void exo_safety_renew(exo_safety *safety, const uint8_t nonce[EXO_NONCE_BYTES]);

exo_rc exo_safety_arm(exo_safety *safety, const exo_arm_request *request);
void exo_safety_stop(exo_safety *safety);    /* zero at once; never refused */
void exo_safety_release(exo_safety *safety); /* fade out, then zero; never refused */
void exo_safety_heartbeat(exo_safety *safety);
exo_rc exo_safety_acknowledge(exo_safety *safety);
bool exo_safety_moves(const exo_safety *safety);

/* First half of a tick. True when the controller may use this sample. */
bool exo_safety_sense(exo_safety *safety, const exo_inputs *in);

/* Second half: from the wish of the controller to what the motors get. */
void exo_safety_drive(exo_safety *safety, const exo_inputs *in, const float wish_nm[EXO_SIDES],
                      exo_command *command);

#endif
