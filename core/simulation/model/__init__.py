"""What is simulated: the body with exo and straps on its terrain, and the model's sensors."""
