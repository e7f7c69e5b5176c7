-- Why: points of warnings as a metric, so that other modules and achievements can read them without naming this module.
-- Locks: none but on one new row. Back: removes the row.

-- Up Migration

insert into core.user_metrics (name, query) values
  ('warning_points', 'select user_id, sum(points)::numeric as value from moderation.warnings where revoked_at is null and (expires_at is null or expires_at > now()) group by user_id');

-- Down Migration

delete from core.user_metrics where name = 'warning_points';
