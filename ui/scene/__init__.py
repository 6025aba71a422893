"""The twin in three dimensions: bones, muscles, exo, ground forces. VTK loads when a scene is first shown."""
