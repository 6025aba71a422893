"""What a record needs in PostgreSQL beyond the tables of the migrations: everything may be run again.

- `record_identity` says which record this is, as `store.json` does for a folder.
- `exotwin_erase` is the one way to rows that nobody may delete: all of one patient, and nothing else. A
  patient goes only together with an entry of the trail that tells who erased them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

# What the application's account may do with each table; it may delete nothing but tickets, which end.
# PostgreSQL asks for UPDATE also of who only locks a row.
RIGHTS = {
    "patient": "SELECT, INSERT, UPDATE",
    "visit": "SELECT, INSERT, UPDATE",
    "record": "SELECT, INSERT",
    "decision": "SELECT, INSERT",
    "log": "SELECT, INSERT",
    "audit": "SELECT, INSERT",
    "audit_head": "SELECT, UPDATE",
    "account": "SELECT, INSERT, UPDATE",
    "pin_guess": "SELECT, INSERT, UPDATE",
    "signature": "SELECT, INSERT, UPDATE",
    "people_rule": "SELECT, INSERT, UPDATE",
    "ticket": "SELECT, INSERT, UPDATE, DELETE",
    "training": "SELECT, INSERT, UPDATE, DELETE",
    "alembic_version": "SELECT",
    "record_identity": "SELECT, INSERT, UPDATE (moved_to)",
}
_IDENTITY = """
CREATE TABLE IF NOT EXISTS record_identity (
    number integer PRIMARY KEY CHECK (number = 1),
    id varchar NOT NULL,
    made_utc varchar NOT NULL,
    moved_to varchar NOT NULL DEFAULT ''
)
"""
_ERASE = """
CREATE OR REPLACE FUNCTION exotwin_erase(erased text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp AS $$
DECLARE
    visits text[]; names text[]; abouts text[]; count bigint; gone bigint := 0;
BEGIN
    PERFORM 1 FROM patient WHERE id = erased FOR UPDATE;
    PERFORM 1 FROM visit WHERE patient_id = erased FOR UPDATE;
    visits := ARRAY(SELECT id::text FROM visit WHERE patient_id = erased);
    names := ARRAY[erased] || visits
        || ARRAY(SELECT id::text FROM record WHERE visit_id = ANY(visits))
        || ARRAY(SELECT kind || '/' || id FROM record WHERE visit_id = ANY(visits));
    abouts := ARRAY['patient:' || erased]
        || ARRAY(SELECT 'visit:' || unnest(visits))
        || ARRAY(SELECT 'record:' || id FROM record WHERE visit_id = ANY(visits))
        || ARRAY(SELECT 'decision:' || sequence FROM decision WHERE visit_id = ANY(visits))
        || ARRAY(SELECT 'log:' || sequence FROM log
                 WHERE subject_id = ANY(names) AND action <> 'patient erased');
    PERFORM set_config('exotwin.erasing', pg_current_xact_id()::text, true);
    DELETE FROM decision WHERE visit_id = ANY(visits);
    GET DIAGNOSTICS count = ROW_COUNT; gone := gone + count;
    DELETE FROM log WHERE subject_id = ANY(names) AND action <> 'patient erased';
    GET DIAGNOSTICS count = ROW_COUNT; gone := gone + count;
    DELETE FROM record WHERE visit_id = ANY(visits);
    GET DIAGNOSTICS count = ROW_COUNT; gone := gone + count;
    UPDATE audit SET meaning = '', detail = '', salt = ''
        WHERE visit_id = ANY(visits) AND about = '' AND content_sha256 <> '';
    UPDATE audit SET salt = '' WHERE about = ANY(abouts);
    PERFORM set_config('exotwin.erasing', '', true);
    DELETE FROM visit WHERE patient_id = erased;
    GET DIAGNOSTICS count = ROW_COUNT; gone := gone + count;
    DELETE FROM patient WHERE id = erased;
    GET DIAGNOSTICS count = ROW_COUNT; gone := gone + count;
    RETURN gone;
END $$
"""
_TOLD = (
    """
CREATE OR REPLACE FUNCTION exotwin_erasure_is_told() RETURNS trigger LANGUAGE plpgsql
SET search_path = {schema}, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM audit WHERE step = 'patient erased' AND detail = OLD.id) THEN
        RAISE USING MESSAGE = 'the trail does not say who erased this patient',
            ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$
""",
    "DROP TRIGGER IF EXISTS patient_erasure_is_told ON patient",
    "CREATE CONSTRAINT TRIGGER patient_erasure_is_told AFTER DELETE ON patient "
    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION exotwin_erasure_is_told()",
)
_APPEND_ONLY = ("record", "decision", "log", "audit")


def complete(connection: Connection) -> None:
    """Bring the schema up to what this version needs, after the migrations and in their transaction."""
    schema = quoted(connection.exec_driver_sql("SELECT current_schema()").scalar_one())
    for statement in (_IDENTITY, _ERASE, *_TOLD):
        connection.exec_driver_sql(statement.replace("{schema}", schema))
    connection.exec_driver_sql("REVOKE ALL ON FUNCTION exotwin_erase(text) FROM PUBLIC")


def grant(connection: Connection, account: str) -> None:
    """Give the application's account what it needs in the tables that are there, and take all else away."""
    name = quoted(account)
    schema = quoted(connection.exec_driver_sql("SELECT current_schema()").scalar_one())
    there = connection.exec_driver_sql(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    ).scalars()
    statements = [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM PUBLIC, {name}",
        *(f"GRANT {RIGHTS[table]} ON {quoted(table)} TO {name}" for table in there if table in RIGHTS),
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {name}",
        f"GRANT EXECUTE ON FUNCTION exotwin_erase(text) TO {name}",
    ]
    for statement in statements:
        connection.exec_driver_sql(statement)


def lost_guards(connection: Connection) -> tuple[str, ...]:
    """Triggers that were switched off, and append-only tables without theirs, in sentences."""
    off = connection.exec_driver_sql(
        "SELECT tgrelid::regclass::text, tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid "
        "WHERE NOT tgisinternal AND tgenabled <> 'O' AND c.relnamespace = current_schema()::regnamespace"
    ).all()
    found = [f"The trigger {name} of the table {table} is switched off." for table, name in off]
    guarded = set(
        connection.exec_driver_sql(
            "SELECT tgname FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid "
            "WHERE NOT tgisinternal AND c.relnamespace = current_schema()::regnamespace"
        ).scalars()
    )
    wanted = [f"{table}_no_{verb}" for table in _APPEND_ONLY for verb in ("update", "delete", "truncate")]
    return (*found, *(f"The trigger {name} is missing." for name in wanted if name not in guarded))


def quoted(name: Any) -> str:
    return '"' + str(name).replace('"', '""') + '"'
