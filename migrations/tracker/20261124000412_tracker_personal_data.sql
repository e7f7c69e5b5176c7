-- Why: how the rows of a person are found here, what stands in place of what an erasure takes out, and by which
-- words a person is recognised.
-- Locks: none but on rows of the registries. Back: empties what was filled in and deletes what was added.

-- Up Migration

update ops.personal_data_rules as rule
set subject = given.subject,
    replacement = given.replacement,
    turn = given.turn
from (
  values
    ('tracker.requests', 'description', 'target.requester_id = :user', '''''', 100),
    ('tracker.bonus_transactions', 'description', 'target.user_id = :user', null, 100),
    ('tracker.peers', 'ip_address', 'target.user_id = :user', null, 100),
    ('tracker.announces', 'ip_address', 'target.user_id = :user', null, 100),
    ('tracker.user_statistics', 'user_id', null, null, 150),
    ('tracker.top_lists', 'user_id', null, null, 90),
    ('tracker.passkeys', 'user_id', null, null, 10)
) as given (table_name, column_name, subject, replacement, turn)
where rule.table_name = given.table_name
  and rule.column_name = given.column_name;

-- These rows are about somebody else, or say who moderated.
update ops.personal_data_rules as rule
set is_exported = false
where (rule.table_name, rule.column_name) in (
  ('tracker.torrent_moderation', 'moderator_id'),
  ('tracker.bonus_transactions', 'counterparty_id'),
  ('tracker.comments', 'deleted_by'),
  ('tracker.requests', 'filled_by'),
  ('tracker.torrent_tag_assignments', 'assigned_by')
);

insert into ops.personal_data_rules (table_name, column_name, action, reason, subject, replacement, turn, is_exported) values
  ('tracker.peers', 'user_agent', 'delete', 'Describes a device of the person; goes with the session.', 'target.user_id = :user', null, 100, true),
  ('tracker.announces', 'user_agent', 'delete', 'Describes a device of the person; goes with the row.', 'target.user_id = :user', null, 100, true),
  ('tracker.passkeys', 'passkey_hash', 'delete', 'A credential of the person.', 'target.user_id = :user', null, 10, false),
  ('tracker.passkeys', 'passkey_ciphertext', 'delete', 'A credential of the person.', 'target.user_id = :user', null, 10, false),
  ('tracker.torrents', 'name', 'keep', 'The community shares the torrent.', 'target.uploader_id = :user', null, 100, true),
  ('tracker.torrents', 'description', 'keep', 'The community shares the torrent.', 'target.uploader_id = :user', null, 100, true),
  ('tracker.torrents', 'search', 'keep', 'Computed from the name and the description.', 'target.uploader_id = :user', null, 100, false),
  ('tracker.requests', 'title', 'keep', 'Says what others put their points on.', 'target.requester_id = :user', null, 100, true),
  ('tracker.collections', 'name', 'keep', 'What is public others follow and fill.', 'target.owner_id = :user', null, 100, true),
  ('tracker.collections', 'description', 'keep', 'What is public others follow and fill.', 'target.owner_id = :user', null, 100, true),
  ('tracker.torrent_moderation', 'reason', 'keep', 'Why it was decided so.', 'target.moderator_id = :user', null, 100, true);

insert into ops.personal_identifiers (name, kind, query) values
  ('tracker.passkeys.digest', 'secret', $query$
    select encode(form.value, 'hex') as value, false as is_shared
    from tracker.passkeys as mine
    cross join lateral (values (mine.passkey_hash), (mine.passkey_ciphertext)) as form (value)
    where mine.user_id = :user
  $query$),
  ('tracker.addresses', 'address', $query$
    select distinct host(used.ip_address) as value,
      exists (select from tracker.peers as other where other.ip_address = used.ip_address and other.user_id <> :user)
      or exists (select from tracker.announces as other where other.ip_address = used.ip_address and other.user_id <> :user) as is_shared
    from (
      select ip_address from tracker.peers where user_id = :user
      union
      select ip_address from tracker.announces where user_id = :user
    ) as used
  $query$);

insert into ops.impersonal_tables (table_name, reason) values
  ('tracker.bonus_rules', 'Reference data.'),
  ('tracker.categories', 'Reference data.'),
  ('tracker.tags', 'Words for contents.'),
  ('tracker.torrent_files', 'Contents of torrents, which the community shares.'),
  ('tracker.torrent_metadata', 'Facts from catalogues.');

-- Down Migration

delete from ops.impersonal_tables where table_name like 'tracker.%';
delete from ops.personal_identifiers where name like 'tracker.%';
delete from ops.personal_data_rules where (table_name, column_name) in (
  ('tracker.peers', 'user_agent'),
  ('tracker.announces', 'user_agent'),
  ('tracker.passkeys', 'passkey_hash'),
  ('tracker.passkeys', 'passkey_ciphertext'),
  ('tracker.torrents', 'name'),
  ('tracker.torrents', 'description'),
  ('tracker.torrents', 'search'),
  ('tracker.requests', 'title'),
  ('tracker.collections', 'name'),
  ('tracker.collections', 'description'),
  ('tracker.torrent_moderation', 'reason')
);
update ops.personal_data_rules set subject = null, replacement = null, turn = 100 where table_name like 'tracker.%';
update ops.personal_data_rules set is_exported = true where table_name like 'tracker.%';
