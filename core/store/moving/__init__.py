"""Moving a whole record: from a data folder to a server, from there into a folder, files to another store."""
