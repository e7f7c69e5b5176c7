-- Why: it is said how a silence for good is told.
-- Locks: none on anything that holds data: comments only. Back: the comment before.

-- Up Migration

comment on column groups.channel_reads.muted_until is 'No notifications until then; for good: infinity, which the API tells as 9999-12-31T23:59:59.999999+00:00. Null: none are held back.';

-- Down Migration

comment on column groups.channel_reads.muted_until is 'No notifications until then; infinity = for good.';
