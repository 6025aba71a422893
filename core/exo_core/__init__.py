"""The C99 core that runs on the exo, and its bindings: controller, safety supervisor, slots, protocol."""
