"""One module per kind of job: read records, call the core functions, write a record."""
