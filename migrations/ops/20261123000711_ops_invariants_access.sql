-- Why: the registry of invariants holds queries over every table; no role of the API and no job may read it.
-- Locks: none on tables. Back: nothing to do, the table goes with its own migration.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: ops/policies/invariants.sql
-- Queries over every table: neither a role of the API nor a job reads or runs them.
revoke all on ops.invariants from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- End of objects

-- Down Migration

-- Nothing to do.
