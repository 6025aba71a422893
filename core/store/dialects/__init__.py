"""Everything in which the databases of a record differ: SQLite in the data folder, PostgreSQL on a server.

`port` says what each of them does; `core.store.database` chooses. No other module asks which one it is.
"""
