"""Privacy at rest: the keys of a data folder, and the format in which its files lie encrypted on the disk."""
