"""Claims about the body model: scaling and inverse kinematics."""
