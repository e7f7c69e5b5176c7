-- Why: the days of a group read as a history.
-- Locks: none on anything that holds data: comments only. Back: the comments before.

-- Up Migration

comment on constraint community_health_group_id_fkey on insight.community_health is E'@foreignFieldName healthHistory\nGoes with its group.';

-- Down Migration

comment on constraint community_health_group_id_fkey on insight.community_health is null;
