-- Queries over every table: neither a role of the API nor a job reads or runs them.
revoke all on ops.invariants from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
