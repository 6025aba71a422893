"""Learning to walk: imitation of a stride, muscle coordination, walking without a reference."""
