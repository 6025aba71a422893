"""The digital twin's body: this person's skeleton and muscles, scaled from the generic model."""
