-- Why: what was read 90 days ago was made before that, so the partitions of the last 90 days need not be looked at; and the
--   condition says so.
-- Locks: ROW EXCLUSIVE on the registry, for an instant.
-- Back: the condition without it.

-- Up Migration

update ops.retention_policies
set predicate = 'read_at < :before and id < core.uuidv7_floor(:before)'
where name = 'notifications_read' and predicate = 'read_at < :before';

-- Down Migration

update ops.retention_policies
set predicate = 'read_at < :before'
where name = 'notifications_read' and predicate = 'read_at < :before and id < core.uuidv7_floor(:before)';
