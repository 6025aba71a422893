/* What an exo turns, and which way. Two lists of words: the supervisor and the controller share no more than this. */
#ifndef EXO_JOINT_H
#define EXO_JOINT_H

typedef enum {
    EXO_HIP = 0,  /* flexion is positive */
    EXO_ANKLE = 1 /* dorsiflexion is positive */
} exo_joint;

/* A cable pulls one way only. */
typedef enum {
    EXO_BOTH_WAYS = 0,
    EXO_FLEXION = 1,  /* no torque below zero */
    EXO_EXTENSION = 2 /* none above: hip extension, plantarflexion */
} exo_direction;

#endif
