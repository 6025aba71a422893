"""The screens. Thin: they render values and emit intents."""
