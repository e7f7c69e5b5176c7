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
    ('core.users', 'username', 'target.id = :user', null, 0),
    ('core.users', 'display_name', 'target.id = :user', null, 0),
    ('core.users', 'avatar_url', 'target.id = :user', null, 0),
    ('core.users', 'banner_url', 'target.id = :user', null, 0),
    ('core.users', 'username_changed_at', 'target.id = :user', null, 0),
    ('core.users', 'last_active_on', 'target.id = :user', null, 0),
    ('core.users', 'premium_until', 'target.id = :user', null, 0),
    ('core.profiles', 'bio', 'target.user_id = :user', null, 100),
    ('core.profiles', 'custom_status', 'target.user_id = :user', null, 100),
    ('core.profiles', 'website', 'target.user_id = :user', null, 100),
    ('core.profiles', 'twitter', 'target.user_id = :user', null, 100),
    ('core.profiles', 'discord', 'target.user_id = :user', null, 100),
    ('core.profiles', 'telegram', 'target.user_id = :user', null, 100),
    ('core.user_restrictions', 'user_id', null, null, 100)
) as given (table_name, column_name, subject, replacement, turn)
where rule.table_name = given.table_name
  and rule.column_name = given.column_name;

-- These rows are about somebody else, or say who moderated.
update ops.personal_data_rules as rule
set is_exported = false
where (rule.table_name, rule.column_name) in (
  ('core.settings', 'updated_by')
);

insert into ops.personal_data_rules (table_name, column_name, action, reason, subject, replacement, turn, is_exported) values
  ('core.users', 'id', 'keep', 'The row is never deleted; the id then belongs to a tombstone.', 'target.id = :user', null, 0, true),
  ('core.users', 'erased_at', 'scrub', 'Makes the account a tombstone, which no procedure lets act.', 'target.id = :user', 'coalesce(target.erased_at, now())', 0, true),
  ('core.users', 'deleted_at', 'scrub', 'A tombstone is a closed account.', 'target.id = :user', 'coalesce(target.deleted_at, now())', 0, true),
  ('core.search_index_queue', 'entity_id', 'keep', 'Says which id the search is to forget; goes when that is done.', null, null, 100, false);

insert into ops.personal_identifiers (name, kind, query) values
  ('core.users.username', 'name', $query$
    select username::text as value, false as is_shared from core.users where id = :user
  $query$),
  ('core.users.display_name', 'name', $query$
    select person.display_name::text as value,
      exists (
        select from core.users as other where other.display_name = person.display_name and other.id <> person.id
      ) as is_shared
    from core.users as person where person.id = :user
  $query$),
  ('core.users.pictures', 'link', $query$
    select picture.address as value, false as is_shared
    from core.users as person cross join lateral (values (person.avatar_url), (person.banner_url)) as picture (address)
    where person.id = :user
  $query$),
  ('core.profiles.website', 'link', $query$
    select mine.website as value,
      exists (select from core.profiles as other where other.website = mine.website and other.user_id <> mine.user_id) as is_shared
    from core.profiles as mine where mine.user_id = :user
  $query$),
  ('core.profiles.handles', 'name', $query$
    select handle.name::text as value, false as is_shared
    from core.profiles as mine
    cross join lateral (values (mine.twitter), (mine.discord), (mine.telegram)) as handle (name)
    where mine.user_id = :user
  $query$);

insert into ops.impersonal_tables (table_name, reason) values
  ('core.achievements', 'Reference data.'),
  ('core.error_codes', 'Written by migrations.'),
  ('core.ownership_rules', 'Written by migrations.'),
  ('core.report_subjects', 'Written by migrations.'),
  ('core.search_sources', 'Written by migrations.'),
  ('core.settings', 'Reference data.'),
  ('core.user_classes', 'Reference data.'),
  ('core.user_metrics', 'Written by migrations.'),
  ('graphile_worker._private_known_crontabs', 'Names of tasks.'),
  ('graphile_worker._private_tasks', 'Names of tasks.'),
  ('graphile_worker.migrations', 'Written by the queue.');

-- Down Migration

delete from ops.impersonal_tables where table_name like 'core.%' or table_name like 'graphile_worker.%';
delete from ops.personal_identifiers where name like 'core.%';
delete from ops.personal_data_rules where (table_name, column_name) in (
  ('core.users', 'id'),
  ('core.users', 'erased_at'),
  ('core.users', 'deleted_at'),
  ('core.search_index_queue', 'entity_id')
);
update ops.personal_data_rules set subject = null, replacement = null, turn = 100 where table_name like 'core.%';
update ops.personal_data_rules set is_exported = true where table_name like 'core.%';
