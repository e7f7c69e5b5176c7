-- Why: nobody but the owner and the worker reads the registries of personal data.
-- Locks: none that anybody waits for. Back: takes the grants back.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: ops/policies/impersonal_tables.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.impersonal_tables from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on ops.impersonal_tables to stoa_worker;

-- Object: ops/policies/personal_identifiers.sql
-- The database's own book-keeping: no API role reads it.
revoke all on ops.personal_identifiers from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on ops.personal_identifiers to stoa_worker;

-- End of objects

-- Down Migration

revoke all on table ops.impersonal_tables from stoa_worker;
revoke all on table ops.personal_identifiers from stoa_worker;
