"""Fourier coefficients of normal gait at other speeds than children's own.

Rows as in `core.gait.norm_tables`: (a0, a1, b1, a2, b2, ...) in degrees, hip flexion against the tilted
pelvis. Order 7 for means, 4 for spreads, by least squares through every second percent of the cycle; left
over: at most 0.32 degrees for a mean, 0.5 for a spread.

Children: Schwartz, Rozumalski & Trost 2008, J Biomech 41:1639, files AHip_FlexExt.txt, AKnee_FlexExt.txt,
AAnkle_DfPf.txt and APelvicTilt_AntPost.txt, three columns (-1 SD, mean, +1 SD) per speed group.
"""

from __future__ import annotations

from core.domain.body import JointKind
from core.gait.norm_tables import Coefficients

# A table is read by row.
# fmt: off

VERY_SLOW_MEAN_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        16.768, 14.196, -1.138, -0.092, -3.078, -0.488, 0.451, 0.022, -0.070,
        -0.142, 0.026, -0.012, 0.037, -0.029, -0.018,
    ),
    JointKind.KNEE: (
        16.129, -0.347, -15.450, -9.374, -0.356, -1.687, 3.644, 0.192, 0.707,
        -0.234, 0.318, 0.010, 0.229, 0.042, 0.058,
    ),
    JointKind.ANKLE: (
        3.154, -6.074, 1.222, 1.849, -3.287, -2.727, -1.720, -0.123, 0.939,
        0.540, -0.252, 0.048, -0.097, 0.213, 0.011,
    ),
}
VERY_SLOW_SD_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        7.503, -0.681, -0.551, -0.722, 0.217, -0.004, 0.484, 0.170, -0.077,
    ),
    JointKind.KNEE: (
        8.945, -0.303, -2.239, -1.543, 0.083, -0.132, -0.053, -0.653, -0.355,
    ),
    JointKind.ANKLE: (
        6.232, 0.333, -2.264, -0.779, 0.691, 1.051, 0.166, 0.212, -0.328,
    ),
}
SLOW_MEAN_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        17.701, 17.411, -3.320, -2.158, -2.438, -0.071, 1.493, 0.090, -0.170,
        -0.253, 0.203, 0.063, 0.104, -0.035, -0.028,
    ),
    JointKind.KNEE: (
        20.020, -2.932, -18.269, -12.197, 4.507, -0.028, 4.589, -0.172, 0.304,
        -0.482, 0.605, 0.141, 0.260, 0.025, -0.001,
    ),
    JointKind.ANKLE: (
        2.005, -4.961, 4.144, 1.837, -5.891, -4.279, -0.199, 1.617, 1.259,
        0.374, -1.439, -0.184, 0.261, 0.642, -0.107,
    ),
}
SLOW_SD_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        6.099, -0.468, -0.065, -0.049, 0.220, 0.058, 0.091, -0.064, -0.061,
    ),
    JointKind.KNEE: (
        6.917, 0.471, -0.594, -0.721, -0.147, -0.692, -0.276, -0.577, 0.210,
    ),
    JointKind.ANKLE: (
        5.171, -0.422, -1.394, -0.209, 1.209, 0.968, -0.485, -0.162, -0.313,
    ),
}
FAST_MEAN_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        19.999, 24.005, -3.320, -3.909, -0.895, -0.094, 1.702, -0.126, -0.049,
        -0.242, 0.239, -0.063, 0.044, -0.042, 0.006,
    ),
    JointKind.KNEE: (
        24.014, -0.387, -18.983, -14.023, 9.074, -0.740, 4.204, -1.111, 0.523,
        -0.493, 0.692, 0.024, 0.069, -0.074, -0.015,
    ),
    JointKind.ANKLE: (
        -0.623, 0.166, 7.493, -1.130, -7.472, -4.145, 1.712, 2.096, -0.758,
        -0.928, -0.863, 0.615, 0.340, 0.218, -0.541,
    ),
}
FAST_SD_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        6.732, -0.174, 0.475, 0.089, 0.448, -0.052, 0.125, -0.088, -0.057,
    ),
    JointKind.KNEE: (
        7.019, 0.773, -0.179, -0.479, -0.384, -0.735, -0.391, -0.626, 0.225,
    ),
    JointKind.ANKLE: (
        6.283, -0.915, -1.154, 0.660, 0.538, 0.490, -0.767, 0.177, 0.078,
    ),
}
VERY_FAST_MEAN_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        22.429, 25.689, -4.966, -4.301, -1.216, -0.317, 1.480, -0.207, 0.023,
        -0.168, 0.151, -0.034, 0.041, -0.019, 0.006,
    ),
    JointKind.KNEE: (
        23.419, 1.118, -21.482, -13.828, 9.228, -0.819, 3.681, -1.284, 0.386,
        -0.325, 0.507, 0.003, -0.070, -0.038, -0.042,
    ),
    JointKind.ANKLE: (
        -1.299, 2.517, 6.803, -3.353, -7.583, -2.979, 2.034, 1.371, -1.272,
        -0.708, -0.286, 0.586, -0.004, 0.037, -0.278,
    ),
}
VERY_FAST_SD_DEG: Coefficients = {
    JointKind.HIP_FLEXION: (
        8.327, 1.318, 0.971, -0.445, 0.159, -0.064, -0.104, -0.122, -0.025,
    ),
    JointKind.KNEE: (
        8.645, 0.850, 0.324, -1.184, -0.227, -0.718, -0.575, -0.487, 0.393,
    ),
    JointKind.ANKLE: (
        6.485, -1.261, -0.764, 0.667, 0.449, 0.563, -0.549, 0.530, -0.122,
    ),
}
# fmt: on

# Mean anterior pelvic tilt of the same people over the cycle.
VERY_SLOW_TILT_DEG, SLOW_TILT_DEG, FAST_TILT_DEG, VERY_FAST_TILT_DEG = 11.982, 11.042, 13.256, 16.594
