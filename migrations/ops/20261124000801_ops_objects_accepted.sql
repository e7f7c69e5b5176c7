-- Why: the nightly jobs leave out findings that somebody accepted, so the worker reads them.
-- Locks: none on tables. Back: nothing to do, the table goes with its own migration.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: ops/policies/accepted_findings.sql
-- The names of faults that are left open: no role of the API reads them. The nightly jobs leave out what was accepted.
revoke all on ops.accepted_findings from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on ops.accepted_findings to stoa_worker;

-- End of objects

-- Down Migration

revoke all on table ops.accepted_findings from stoa_worker;
