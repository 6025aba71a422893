"""Claims about job tasks: records in, a record out."""
