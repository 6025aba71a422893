"""Joint angles of walking (level, slopes, stairs) and running over one stride, as Fourier coefficients.

Each row is (a0, a1, b1, a2, b2, ...) in degrees, as in `norm_tables`: t = 0 is the contact of that leg.

Key points follow the shapes and ranges of published curves: level walking Schwartz et al. 2008
(`norm_tables`), with the hip's range following the stride length and the knee's half as much when it is slow
or fast; slopes the changes of McIntosh et al. 2006, J Biomech 39:2491 and Lay et al. 2006, J Biomech
39:1621; stairs Riener, Rabuffetti & Frigo 2002, Gait Posture 15:32 and Protopapadaki et al. 2007, Clin
Biomech 22:203 (steps of 18 by 28.5 cm); running Novacheck 1998, Gait Posture 7:77 and Hamner & Delp 2013, J
Biomech 46:780. Hip angles are the thigh's against an upright pelvis.

The series are least-squares fits to these points under the conditions of the feet on the generic body: a foot
in stance stands still on its tread or floor (left over: 2 mm on stairs, 7 mm in level walking and in
running, 11 mm down a slope), a foot in swing clears the ground (by 1 cm walking, 3 cm running) and the
edges of the steps (by 3 cm), the flight of a runner follows gravity, the body's centre is above the feet on
average, and joints stay within the model's ranges.
"""

from __future__ import annotations

from core.domain.body import JointKind
from core.gait.norm_tables import STRIDE_DEG, Coefficients

SIDE_PLANE = (JointKind.HIP_FLEXION, JointKind.KNEE, JointKind.ANKLE, JointKind.TOES)

# A table is read by row.
# fmt: off

# 1.26 m/s, strides of 1.13 s: the normal stride
WALK_LEVEL_DEG: Coefficients = {kind: STRIDE_DEG[kind] for kind in SIDE_PLANE}

# 0.6 m/s
WALK_SLOW_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        7.53, 16.92, -1.77, -2.87, -1.56, -0.29, -0.38,
        -0.74, -0.43, -0.03, 0.47, 0.18, -0.25,
    ),
    JointKind.KNEE: (
        22.78, -1.88, -17.97, -15.49, 5.35, 0.38, 4.26,
        0.44, -0.21, 0.47, 0.55, 0.40, -0.64,
    ),
    JointKind.ANKLE: (
        4.73, -5.85, 2.73, 0.11, -4.95, -3.50, -0.37,
        0.65, 1.52, 1.90, 0.05, 0.53, -0.92,
    ),
    JointKind.TOES: (
        -5.39, 6.80, 6.98, -0.85, -5.68, -0.19, 3.16,
        1.20, -2.30, -1.48, 0.25, 0.40, 0.42,
    ),
}

# 1.8 m/s
WALK_FAST_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        7.03, 28.07, -3.12, -5.47, -2.03, -1.63, -0.12,
        0.20, 0.27, 0.02, 0.25, -0.22, -0.47,
    ),
    JointKind.KNEE: (
        25.83, -3.15, -18.68, -18.14, 8.52, -1.49, 2.25,
        1.32, 0.63, 0.15, 0.06, -0.57, -0.97,
    ),
    JointKind.ANKLE: (
        2.96, -1.90, 7.70, -1.71, -8.87, -2.17, -0.85,
        3.63, 1.43, 2.63, -2.27, -0.05, -1.48,
    ),
    JointKind.TOES: (
        -6.06, 9.89, 3.14, -4.59, -1.26, 2.83, -0.38,
        -1.23, 1.06, 0.42, -0.97, -0.60, 1.00,
    ),
}

# 10 degrees up, 1.26 m/s
WALK_UP_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        16.63, 31.97, -3.74, -2.77, -3.05, -0.70, 0.42,
        -0.05, 0.34, 0.47, 0.20, -0.31, -0.09,
    ),
    JointKind.KNEE: (
        33.18, 12.49, -14.14, -12.93, 9.30, 2.30, 5.42,
        2.05, 0.71, 1.71, -0.19, -0.67, -0.65,
    ),
    JointKind.ANKLE: (
        10.02, 1.50, 12.29, -1.21, -6.36, -4.84, 1.12,
        1.30, 2.67, 1.81, -1.25, -0.90, -1.07,
    ),
    JointKind.TOES: (
        -6.71, 9.49, 4.21, -4.55, -3.81, 2.37, 1.19,
        -1.66, -1.63, -0.35, 0.62, -0.42, -0.18,
    ),
}

# 10 degrees down, 1.26 m/s
WALK_DOWN_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        10.68, 15.54, -0.24, -2.40, -1.19, -0.46, -0.46,
        -0.74, 0.80, 0.17, -0.79, -0.16, -0.93,
    ),
    JointKind.KNEE: (
        32.94, -14.50, -20.78, -13.88, 8.14, 1.51, 1.66,
        -0.55, 0.92, -0.04, -1.98, -0.36, -1.54,
    ),
    JointKind.ANKLE: (
        2.40, -14.12, -0.12, 4.02, -4.73, -3.87, -1.45,
        3.05, 3.63, 2.04, -2.06, 0.42, -0.72,
    ),
    JointKind.TOES: (
        -3.97, 6.61, 6.01, -0.49, -5.18, -1.16, 4.00,
        1.58, -1.14, -2.27, 1.50, 0.99, 1.66,
    ),
}

# 17 cm up every 29 cm
STAIRS_UP_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        25.98, 27.96, -7.43, -2.26, -4.64, 1.58, -2.09,
        -1.01, -3.84, -3.27, 2.03, 0.89, 0.99,
    ),
    JointKind.KNEE: (
        52.34, 33.07, -23.42, -14.05, -4.75, 1.63, 2.39,
        1.09, -5.42, -5.34, 3.21, 1.70, 1.63,
    ),
    JointKind.ANKLE: (
        11.35, 11.63, 8.11, -0.09, -6.43, -1.88, 2.26,
        3.08, -2.09, -2.28, 0.39, 0.60, 0.46,
    ),
    JointKind.TOES: (
        -4.05, 6.43, 4.95, -2.29, -5.58, -0.43, 4.36,
        1.28, -2.18, -1.37, 1.37, 1.25, 0.18,
    ),
}

# 17 cm down every 29 cm
STAIRS_DOWN_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        21.40, -1.60, -12.79, -3.66, -0.84, -1.01, -0.82,
        0.97, -0.31, -0.35, -0.33, 0.42, -0.36,
    ),
    JointKind.KNEE: (
        45.92, -28.78, -28.23, -9.04, 7.20, 0.43, -1.56,
        0.89, -1.27, -1.18, -0.06, 0.89, -0.52,
    ),
    JointKind.ANKLE: (
        4.85, -25.71, 7.76, -5.10, 3.77, -4.00, 1.53,
        -2.29, 2.36, -0.00, 0.50, -0.83, -0.23,
    ),
    JointKind.TOES: (
        -7.23, 6.32, 4.02, -8.12, -6.31, -0.75, 2.08,
        -3.21, -3.59, -2.80, -1.22, -2.47, 0.26,
    ),
}

# 2.0 m/s
SLOW_RUN_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        12.27, 20.75, -8.32, -8.99, 1.41, -2.01, -0.35,
        -0.32, 0.82, 0.00, -0.74, -1.08, -0.55,
    ),
    JointKind.KNEE: (
        42.00, -10.43, -13.90, -16.47, 14.33, -1.17, -1.84,
        0.44, -1.26, -2.93, -1.65, -1.60, -0.15,
    ),
    JointKind.ANKLE: (
        7.61, 7.24, 7.85, -11.62, -2.31, -0.09, 0.29,
        3.34, -1.69, -0.03, -3.54, -0.44, -1.03,
    ),
    JointKind.TOES: (
        -4.67, 5.98, -4.74, 1.51, 5.70, -2.10, -2.50,
        1.58, -0.15, -0.42, 0.89, 2.30, -1.08,
    ),
}

# 3.0 m/s
FAST_RUN_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        13.29, 21.98, -16.40, -5.36, 5.57, -3.63, -0.37,
        0.02, -0.58, -0.16, -0.60, -2.33, 0.19,
    ),
    JointKind.KNEE: (
        48.07, -17.67, -19.83, -9.04, 20.36, -6.07, -1.36,
        -0.47, -2.97, -0.77, 0.04, -4.22, 0.02,
    ),
    JointKind.ANKLE: (
        4.10, 11.74, 6.14, -8.98, 4.00, -0.97, -3.49,
        1.84, -2.28, 0.63, -2.97, -1.16, -2.30,
    ),
    JointKind.TOES: (
        -4.82, 3.44, -7.33, 4.78, 3.94, -3.23, 1.79,
        -0.50, -2.26, 1.09, 0.43, -0.10, -1.26,
    ),
}
# fmt: on

# Riener et al. 2002: strides of about 1.4 s up and 1.2 s down.
STAIRS_UP_PERIOD_S, STAIRS_DOWN_PERIOD_S = 1.40, 1.20
WALK_SPEEDS_M_S = (0.6, 1.26, 1.8)  # of the slow, the normal and the fast walk
SLOW_RUN_M_S, FAST_RUN_M_S = 2.0, 3.0
RUN_PERIOD_S = (0.76, 0.70)  # at the two speeds
SLOPE_RAD = 0.17453  # of the walks up and down
SHORTER_STRIDE = 0.10  # fraction by which strides are shorter there, at the same speed
