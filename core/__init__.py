"""The science and the record. No Qt, no globals."""
