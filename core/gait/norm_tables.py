"""Fourier coefficients of normal gait, derived from published data; see resources/norms/README.md.

Each row is (a0, a1, b1, a2, b2, ...) in degrees: angle(t) = a0 + sum a_k cos(2 pi k t) + b_k sin(2 pi k t),
where t in 0..1 is the fraction of the gait cycle from heel strike of that leg.
"""

from __future__ import annotations

from core.domain.body import JointKind

Coefficients = dict[JointKind, tuple[float, ...]]

# A table is read by row.
# fmt: off

# Schwartz, Rozumalski & Trost 2008, J Biomech 41:1639, free speed. Fit error: rms 0.03-0.25 degrees.
MEAN_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        18.439, 20.872, -3.197, -3.152, -1.545, -0.097, 1.618, -0.107, -0.088,
        -0.272, 0.264, -0.012, 0.094, -0.044, -0.001,
    ),
    JointKind.HIP_ADDUCTION: (
        -0.327, 0.485, 4.942, -0.049, -0.503, -1.593, 0.464, 0.041, 0.105,
        -0.166, -0.159, -0.072, 0.044, 0.045, -0.045,
    ),
    JointKind.HIP_ROTATION: (
        -1.868, 1.189, 0.718, -1.054, -0.665, -1.166, 1.024, -0.082, 0.493,
        0.011, 0.005, 0.021, -0.088, 0.036, -0.142,
    ),
    JointKind.KNEE: (
        22.876, -1.900, -18.750, -13.625, 7.009, -0.702, 4.312, -0.864, 0.627,
        -0.540, 0.736, 0.070, 0.202, -0.038, 0.026,
    ),
    JointKind.ANKLE: (
        0.753, -2.038, 7.084, 0.830, -7.213, -4.592, 0.848, 2.207, 0.237,
        -0.516, -1.374, 0.276, 0.547, 0.533, -0.494,
    ),
}
SD_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (6.088, -0.633, 0.116, 0.165, 0.166, -0.014, 0.038, -0.078, -0.066),
    JointKind.HIP_ADDUCTION: (3.137, 0.136, 0.183, 0.137, 0.185, 0.038, -0.051, 0.001, 0.033),
    JointKind.HIP_ROTATION: (9.531, -0.110, 0.090, -0.319, 0.023, -0.195, 0.121, 0.053, 0.054),
    JointKind.KNEE: (6.324, 0.534, -0.760, -0.125, -0.454, -0.525, -0.304, -0.486, 0.103),
    JointKind.ANKLE: (5.317, -1.070, -1.503, 0.390, 1.165, 0.667, -0.458, -0.091, -0.038),
}
# Mean anterior pelvic tilt of the same people; their hip flexion is measured against the tilted pelvis.
PELVIC_TILT_DEG = 11.594

# A normal stride to walk by, 1.26 m/s in strides of 1.13 s, pelvis upright. Hip, knee, ankle and toes follow
# the means above (r 0.99, 0.99, 0.94) and the toes' usual bend as closely as a foot in stance can stand still
# on the floor (left over: 7 mm) and a foot in swing clears it by 1 cm. Adduction: MyoAssist reference.
STRIDE_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        7.60, 23.47, -2.20, -3.40, -1.30, -1.05, 0.88,
        -0.26, 0.36, 0.08, -0.07, -0.30, -0.35,
    ),
    JointKind.HIP_ADDUCTION: (
        -1.144, 0.797, -0.448, -0.951, 0.016, -0.259, 2.190, -0.143, -0.061,
        0.252, -0.035, 0.018, -0.060,
    ),
    JointKind.KNEE: (
        23.09, -2.51, -19.59, -14.40, 7.80, -0.72, 3.30,
        -0.84, 0.50, -0.06, 0.21, -0.56, -0.53,
    ),
    JointKind.ANKLE: (
        1.30, -4.39, 5.70, 1.48, -7.43, -3.97, -0.82,
        1.94, 1.31, 1.05, -2.03, -0.62, -0.33,
    ),
    JointKind.TOES: (
        -7.75, 11.03, 10.07, -0.03, -2.47, 3.22, 1.77,
        -0.83, -1.09, -0.57, 1.81, 0.11, 1.93,
    ),
}
# fmt: on

STRIDE_PERIOD_S = 1.13
STRIDE_SPEED_M_S = 1.26
