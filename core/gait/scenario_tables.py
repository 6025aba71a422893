"""Joint angles of walking (level, slopes, stairs) and running over one stride, as Fourier coefficients.

Each row is (a0, a1, b1, a2, b2, ...) in degrees, as in `norm_tables`: t = 0 is the contact of that leg.

Key points follow the shapes and ranges of published curves: level walking a recorded normal
stride, with the hip's range following the stride length and the knee's half as much when it is slow or fast;
slopes the changes of McIntosh et al. 2006, J Biomech 39:2491 and Lay et al. 2006, J Biomech 39:1621; stairs
Riener, Rabuffetti & Frigo 2002, Gait Posture 15:32 and Protopapadaki et al. 2007, Clin Biomech 22:203 (steps
of 18 by 28.5 cm); running Novacheck 1998, Gait Posture 7:77 and Hamner & Delp 2013, J Biomech 46:780. Hip
angles are the thigh's against an upright pelvis.

The series are least-squares fits to these points under the conditions of the feet on the generic body: a foot
in stance stands still on its tread or floor (left over: 2 mm on stairs, 5 mm in level walking, 7 mm in
running, 11 mm down a slope), a foot in swing clears the ground (by 1.5 cm walking, 3 cm running) and the
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
        7.10, 16.96, -2.47, -2.87, -1.46, -0.18, 0.18,
        -0.55, -0.38, 0.16, 0.44, 0.20, -0.30,
    ),
    JointKind.KNEE: (
        20.84, -2.55, -17.58, -14.47, 6.72, 1.55, 5.15,
        0.95, -0.59, 0.73, 0.36, 0.40, -0.75,
    ),
    JointKind.ANKLE: (
        4.55, -5.25, 2.17, 0.91, -4.73, -2.64, -0.09,
        1.31, 1.04, 2.05, -0.47, 0.39, -1.05,
    ),
    JointKind.TOES: (
        -5.51, 6.81, 7.42, -0.37, -5.63, -0.27, 2.66,
        0.59, -2.38, -1.93, 0.67, 0.45, 0.79,
    ),
}

# 1.8 m/s
WALK_FAST_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        6.86, 27.22, -4.43, -5.97, -1.18, -0.59, 1.42,
        0.90, -0.19, -0.29, 0.01, -0.22, -0.31,
    ),
    JointKind.KNEE: (
        23.80, -4.29, -18.10, -16.51, 9.72, 0.35, 3.65,
        1.97, -0.36, -0.55, -0.29, -0.59, -0.60,
    ),
    JointKind.ANKLE: (
        2.63, -0.83, 7.08, -0.89, -9.50, -1.55, -0.36,
        4.22, 0.64, 1.93, -2.83, -0.27, -1.13,
    ),
    JointKind.TOES: (
        -6.46, 10.53, 3.85, -4.32, -1.34, 2.88, -0.26,
        -1.34, 0.94, -0.07, -0.33, -0.19, 1.43,
    ),
}

# 10 degrees up, 1.26 m/s
WALK_UP_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        16.55, 32.04, -6.43, -3.39, -2.60, 0.10, 2.23,
        1.14, -0.23, 0.24, -0.24, -0.38, -0.08,
    ),
    JointKind.KNEE: (
        29.42, 10.56, -13.37, -10.68, 12.71, 5.23, 7.49,
        3.61, -0.95, 1.06, -0.62, -0.66, -0.54,
    ),
    JointKind.ANKLE: (
        10.06, 2.24, 10.72, 0.33, -6.28, -3.47, 1.28,
        2.08, 0.68, 0.68, -2.12, -1.37, -0.87,
    ),
    JointKind.TOES: (
        -7.08, 9.63, 5.53, -3.54, -4.38, 1.69, 0.71,
        -2.15, -1.43, -0.34, 1.13, -0.17, -0.13,
    ),
}

# 10 degrees down, 1.26 m/s
WALK_DOWN_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        10.37, 15.23, -2.43, -3.11, 0.14, 1.11, 1.29,
        0.44, 0.14, -0.13, -1.53, -0.22, -0.80,
    ),
    JointKind.KNEE: (
        29.17, -16.24, -19.68, -11.92, 11.88, 4.63, 3.16,
        0.32, 0.06, -0.43, -2.50, -0.18, -1.26,
    ),
    JointKind.ANKLE: (
        2.40, -12.96, -1.10, 6.24, -4.46, -2.09, -2.11,
        3.28, 2.04, 1.28, -2.73, 0.17, -0.64,
    ),
    JointKind.TOES: (
        -3.84, 6.67, 6.63, 0.09, -5.37, -1.67, 4.03,
        1.30, -0.76, -2.13, 2.20, 1.23, 1.60,
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

# Riener et al. 2002: strides of about 1.4 s up and 1.2 s down; stance takes 64 % of both.
STAIRS_UP_PERIOD_S, STAIRS_DOWN_PERIOD_S = 1.40, 1.20
STAIRS_STANCE = 0.64
WALK_SPEEDS_M_S = (0.6, 1.26, 1.8)  # of the slow, the normal and the fast walk
SLOW_RUN_M_S, FAST_RUN_M_S = 2.0, 3.0
RUN_PERIOD_S = (0.76, 0.70)  # at the two speeds
RUN_STANCE = (0.42, 0.35)
SLOPE_RAD = 0.17453  # of the walks up and down
SHORTER_STRIDE = 0.10  # share by which strides are shorter there, at the same speed
