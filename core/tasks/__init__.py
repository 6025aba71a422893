"""One module per kind of job: read records, call the science, write a record."""
