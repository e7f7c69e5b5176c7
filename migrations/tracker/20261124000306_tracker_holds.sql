-- Why: a legal hold can be put on a torrent, and one on a person keeps their announces, which have no foreign keys.
--   Exports of announces leave the address out: it is of use for the months online only. The snapshots of peers are
--   summed up, day by day, before their month leaves.
-- Locks: ROW EXCLUSIVE on the registries, for an instant.
-- Back: takes the rows away again; a hold of such a kind has to be released first. No data of the community is touched.

-- Up Migration

insert into ops.hold_kinds (kind, table_name, is_container, label) values
  ('torrent', 'tracker.torrents', true, 'a torrent with its comments and announces');

insert into ops.hold_rules (table_name, kind, condition) values
  ('tracker.announces', 'user', 'target.user_id = any (:held)'),
  ('tracker.announces', 'torrent', 'target.torrent_id = any (:held)'),
  ('tracker.peer_history', 'user', 'target.user_id = any (:held)'),
  ('tracker.peer_history', 'torrent', 'target.torrent_id = any (:held)');

-- The column takes no null; this is the address that means none.
update ops.partition_policies set export_blanks = '{"ip_address": "0.0.0.0"}' where parent = 'tracker.announces';
update ops.partition_policies set before_retire = 'tracker.sum_up_partition' where parent = 'tracker.peer_history';

-- Down Migration

update ops.partition_policies set before_retire = null where parent = 'tracker.peer_history';
update ops.partition_policies set export_blanks = '{}' where parent = 'tracker.announces';
delete from ops.hold_rules where table_name like 'tracker.%';
delete from ops.hold_kinds where kind = 'torrent';
