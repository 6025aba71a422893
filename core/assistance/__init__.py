"""What an exo is to give over the gait cycle, planned from how the person walks without it.

Geometry of a belt, profiles of its force, and their forms for other exos. No disk, no device, no training.
"""
