"""Forward simulation of a walking body: physics, exo, muscles and pictures. Importing this loads nothing."""
