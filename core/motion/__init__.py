"""From landmarks of a video to joint angles: sides, view, inverse kinematics, and what to trust."""
