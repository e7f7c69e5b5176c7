-- Why: public identity, preferences, presence and site configuration: the tables that every other module points
-- at, and the three registries by which a module takes part in closing accounts, in metrics and in search.
-- Locks: none on anything that holds data. Back: drops the tables with their rows.

-- Up Migration

create table core.user_classes (
  id smallint not null,
  slug text not null,
  name text not null,
  role text not null default 'user',
  sort_order smallint not null,
  is_default boolean not null default false,
  color integer,
  perks bigint not null default 0,
  min_account_age_days integer,
  min_uploaded_bytes bigint,
  min_ratio numeric(6,3),
  min_torrents_uploaded integer,
  max_concurrent_downloads integer,
  constraint user_classes_pkey primary key (id),
  constraint user_classes_slug_key unique (slug),
  constraint user_classes_sort_order_key unique (sort_order),
  constraint user_classes_id_role_key unique (id, role),
  constraint user_classes_role_check check (role in ('user','moderator','admin')),
  constraint user_classes_color_check check (color between 0 and 16777215),
  constraint user_classes_slug_check check (slug ~ '^[a-z0-9_]{2,40}$')
);

create unique index user_classes_default_key on core.user_classes (is_default)
  where is_default;

comment on table core.user_classes is
  E'@name user_class\nLadder of 13 seeded account classes (ranks). Each class fixes the platform role, the perks and the automatic-promotion thresholds. Not related to Discord-like groups.';
comment on column core.user_classes.id is 'Small stable key (reference data, so an integer is deliberate).';
comment on column core.user_classes.slug is 'Machine name.';
comment on column core.user_classes.name is 'Label shown on profiles.';
comment on column core.user_classes.role is 'Platform role the class confers.';
comment on column core.user_classes.sort_order is 'Ladder position, higher is more senior.';
comment on column core.user_classes.is_default is 'Class given at registration.';
comment on column core.user_classes.color is '24-bit RGB for badges.';
comment on column core.user_classes.perks is 'Bitfield of class perks (download slots doubled, may upload, may fill requests, skips moderation, sees top lists, free custom CSS ...).';
comment on column core.user_classes.min_account_age_days is 'Promotion threshold; null = not automatic.';
comment on column core.user_classes.min_uploaded_bytes is 'Promotion threshold.';
comment on column core.user_classes.min_ratio is 'Promotion threshold.';
comment on column core.user_classes.min_torrents_uploaded is 'Promotion threshold.';
comment on column core.user_classes.max_concurrent_downloads is 'Tracker slot limit; null = unlimited.';
comment on index core.user_classes_pkey is 'One row by its key.';
comment on index core.user_classes_slug_key is 'One row per machine name.';
comment on index core.user_classes_sort_order_key is 'Ladder is a total order.';
comment on index core.user_classes_id_role_key is 'Target of the composite FK that keeps users.role equal to the class''s role.';
comment on index core.user_classes_default_key is 'Exactly one default class.';
comment on constraint user_classes_role_check on core.user_classes is 'Closed set of platform roles.';
comment on constraint user_classes_color_check on core.user_classes is '24-bit colour.';
comment on constraint user_classes_slug_check on core.user_classes is 'Machine-name shape.';

alter table core.user_classes enable row level security;

create table core.users (
  id uuid not null default core.uuidv7(),
  member_number bigint not null generated always as identity,
  username extensions.citext,
  username_changed_at timestamptz,
  display_name varchar(100),
  avatar_url text,
  banner_url text,
  class_id smallint not null default 1,
  role text not null default 'user',
  is_anonymous boolean not null default false,
  is_bot boolean not null default false,
  is_system boolean not null default false,
  public_flags integer not null default 0,
  premium_tier smallint not null default 0,
  premium_until timestamptz,
  last_active_on date,
  is_active boolean not null default true,
  banned_until timestamptz,
  deleted_at timestamptz,
  erased_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint users_pkey primary key (id),
  constraint users_class_role_fkey foreign key (class_id, role) references core.user_classes (id, role) on update cascade on delete restrict,
  constraint users_member_number_key unique (member_number),
  constraint users_username_key unique (username),
  constraint users_username_check check (username::text ~ '^[a-z0-9_]{3,30}$'),
  constraint users_username_required check (username is not null or is_anonymous or erased_at is not null),
  constraint users_premium_tier_check check (premium_tier between 0 and 9),
  constraint users_erased_check check (erased_at is null or (username is null and display_name is null and avatar_url is null and banner_url is null))
);

create index users_last_active_on_idx on core.users (last_active_on);
create index users_class_id_idx on core.users (class_id, role);
create index users_banned_until_idx on core.users (banned_until)
  where banned_until is not null;

comment on table core.users is
  E'@name user\nThe public half of an account. Nothing private lives here, so the read policy can be the constant TRUE and indexed look-ups by citext handle keep working under RLS.';
comment on column core.users.id is 'Time-ordered key.';
comment on column core.users.member_number is 'Human number; API renders it ''#''+at least four digits (''#0001'', ''#12345'').';
comment on column core.users.username is 'Unique handle; stored lower-case; null only while an anonymous (wallet) account has not chosen one, or after erasure.';
comment on column core.users.username_changed_at is 'Last rename; drives the rename cool-down (30 days, setting).';
comment on column core.users.display_name is 'Free-text name.';
comment on column core.users.avatar_url is 'Avatar.';
comment on column core.users.banner_url is 'Profile banner.';
comment on column core.users.class_id is 'Account class (default class).';
comment on column core.users.role is 'Platform role; always the role of class_id (composite FK).';
comment on column core.users.is_anonymous is 'Wallet-only account without e-mail.';
comment on column core.users.is_bot is 'Automated account.';
comment on column core.users.is_system is 'The platform itself (author of system messages).';
comment on column core.users.public_flags is 'Badge bitfield.';
comment on column core.users.premium_tier is '0 none, 1.. paid tiers.';
comment on column core.users.premium_until is 'End of paid period; premium is in force while it lies in the future.';
comment on column core.users.last_active_on is 'Day of last activity, written at most once a day; feeds "active users".';
comment on column core.users.is_active is 'False = disabled by an administrator (cannot sign in).';
comment on column core.users.banned_until is 'Cached end of the strongest account ban (''infinity'' = permanent); null = none.';
comment on column core.users.deleted_at is 'Owner closed the account (30-day undo).';
comment on column core.users.erased_at is 'Personal data scrubbed; row stays as tombstone.';
comment on column core.users.inserted_at is 'When the row was made.';
comment on column core.users.updated_at is 'When the row last changed (kept by a trigger).';
comment on index core.users_pkey is 'One row by its key.';
comment on constraint users_class_role_fkey on core.users is 'Role can never disagree with the class.';
comment on index core.users_member_number_key is '''#0001'' look-up.';
comment on index core.users_username_key is 'Profile look-up by handle, case-insensitive (nulls allowed many times).';
comment on constraint users_username_check on core.users is 'Lower-case alphanumerics and underscore, 3-30.';
comment on constraint users_username_required on core.users is 'E-mail accounts must have a handle.';
comment on constraint users_premium_tier_check on core.users is 'Closed range.';
comment on constraint users_erased_check on core.users is 'A tombstone carries no personal data.';
comment on index core.users_last_active_on_idx is 'Active-user counts and sweeps of dormant accounts; the age is in the query, because an index predicate cannot call now().';
comment on index core.users_class_id_idx is 'Class roster; serves the foreign key.';
comment on index core.users_banned_until_idx is 'List of banned accounts.';

alter table core.users enable row level security;

create table core.profiles (
  user_id uuid not null,
  bio varchar(500),
  custom_status varchar(128),
  custom_status_expires_at timestamptz,
  website text,
  twitter varchar(50),
  discord varchar(50),
  telegram varchar(50),
  visibility text not null default 'public',
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint profiles_pkey primary key (user_id),
  constraint profiles_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint profiles_website_check check (website ~ '^https?://'),
  constraint profiles_visibility_check check (visibility in ('public', 'members', 'friends', 'private'))
);

comment on table core.profiles is
  E'@name profile\nOptional public biography and links, one row per account (PK = FK makes the 1:1 real).';
comment on column core.profiles.user_id is 'Owner.';
comment on column core.profiles.bio is 'Biography.';
comment on column core.profiles.custom_status is 'Status line ("Working from home").';
comment on column core.profiles.custom_status_expires_at is 'Auto-clear time.';
comment on column core.profiles.website is 'URL.';
comment on column core.profiles.twitter is 'Handle.';
comment on column core.profiles.discord is 'Handle.';
comment on column core.profiles.telegram is 'Handle.';
comment on column core.profiles.visibility is 'Copy of user_settings.profile_visibility, kept by triggers: the policy reads it here instead of calling a function for each row.';
comment on column core.profiles.inserted_at is 'When the row was made.';
comment on column core.profiles.updated_at is 'When the row last changed (kept by a trigger).';
comment on index core.profiles_pkey is 'One row by its key.';
comment on constraint profiles_website_check on core.profiles is 'Only web links.';
comment on constraint profiles_visibility_check on core.profiles is 'The values that exist.';

alter table core.profiles enable row level security;

create table core.user_settings (
  user_id uuid not null,
  theme varchar(20) not null default 'dark',
  language varchar(10) not null default 'en-US',
  timezone varchar(50) not null default 'UTC',
  profile_visibility text not null default 'public',
  presence_visibility text not null default 'members',
  friend_request_policy text not null default 'everyone',
  dm_policy text not null default 'everyone',
  paranoia_level smallint not null default 0,
  allow_ai_analysis boolean not null default true,
  notifications jsonb not null default '{}',
  privacy jsonb not null default '{}',
  accessibility jsonb not null default '{}',
  preferences jsonb not null default '{}',
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint user_settings_pkey primary key (user_id),
  constraint user_settings_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint user_settings_profile_visibility_check check (profile_visibility in ('public','members','friends','private')),
  constraint user_settings_presence_visibility_check check (presence_visibility in ('public','members','friends','private')),
  constraint user_settings_friend_request_policy_check check (friend_request_policy in ('everyone','friends_of_friends','nobody')),
  constraint user_settings_dm_policy_check check (dm_policy in ('everyone','friends','nobody')),
  constraint user_settings_paranoia_check check (paranoia_level between 0 and 5),
  constraint user_settings_json_check check (jsonb_typeof(notifications) = 'object' and jsonb_typeof(privacy) = 'object' and jsonb_typeof(accessibility) = 'object' and jsonb_typeof(preferences) = 'object')
);

create index user_settings_paranoia_idx on core.user_settings (user_id)
  where paranoia_level >= 3;

comment on table core.user_settings is
  E'@name user_settings\nPrivate preferences of one account: look, language, notification channels, privacy ("paranoia").';
comment on column core.user_settings.user_id is 'Owner.';
comment on column core.user_settings.theme is 'UI theme.';
comment on column core.user_settings.language is 'BCP-47 tag.';
comment on column core.user_settings.timezone is 'IANA zone.';
comment on column core.user_settings.profile_visibility is 'Who may read profiles row.';
comment on column core.user_settings.presence_visibility is 'Who may see status and last_seen_at.';
comment on column core.user_settings.friend_request_policy is 'Who may send friend requests.';
comment on column core.user_settings.dm_policy is 'Who may open a 1:1 conversation.';
comment on column core.user_settings.paranoia_level is '0 = statistics open to members … 5 = nothing about activity shown.';
comment on column core.user_settings.allow_ai_analysis is 'Opt-out of insight.* for own messages.';
comment on column core.user_settings.notifications is 'Per-type/per-channel delivery switches.';
comment on column core.user_settings.privacy is 'Further privacy switches without a column.';
comment on column core.user_settings.accessibility is 'Reduced motion, contrast and so on.';
comment on column core.user_settings.preferences is 'Anything else a client stores.';
comment on column core.user_settings.inserted_at is 'When the row was made.';
comment on column core.user_settings.updated_at is 'When the row last changed (kept by a trigger).';
comment on index core.user_settings_pkey is 'One row by its key.';
comment on index core.user_settings_paranoia_idx is 'People whose achievements are hidden from other members, read once a statement by a policy.';
comment on constraint user_settings_profile_visibility_check on core.user_settings is 'The values that exist.';
comment on constraint user_settings_presence_visibility_check on core.user_settings is 'The values that exist.';
comment on constraint user_settings_friend_request_policy_check on core.user_settings is 'The values that exist.';
comment on constraint user_settings_dm_policy_check on core.user_settings is 'The values that exist.';
comment on constraint user_settings_paranoia_check on core.user_settings is 'Closed range.';
comment on constraint user_settings_json_check on core.user_settings is 'Always objects, never null.';

alter table core.user_settings enable row level security;

create unlogged table core.presence (
  user_id uuid not null,
  status text not null default 'offline',
  last_seen_at timestamptz not null default now(),
  device_count smallint not null default 0,
  visibility text not null default 'members',
  constraint presence_pkey primary key (user_id),
  constraint presence_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint presence_status_check check (status in ('online','idle','dnd','offline')),
  constraint presence_device_count_check check (device_count >= 0),
  constraint presence_visibility_check check (visibility in ('public', 'members', 'friends', 'private'))
)
with (fillfactor = 60);

comment on table core.presence is
  E'@name presence\nVolatile online state. UNLOGGED and narrow so that heart-beats are HOT updates that touch no index but the PK and no WAL.';
comment on column core.presence.user_id is 'Owner.';
comment on column core.presence.status is 'State chosen by the client.';
comment on column core.presence.last_seen_at is 'Last heart-beat.';
comment on column core.presence.device_count is 'Open connections.';
comment on column core.presence.visibility is 'Copy of user_settings.presence_visibility, kept by triggers, for the policy.';
comment on index core.presence_pkey is 'One row by its key.';
comment on constraint presence_device_count_check on core.presence is 'A count.';
comment on constraint presence_visibility_check on core.presence is 'The values that exist.';
comment on constraint presence_status_check on core.presence is 'Canonical set (''away'' accepted at the API edge and stored as ''idle'').';

alter table core.presence enable row level security;

create table core.settings (
  key varchar(100) not null,
  value text not null,
  type text not null default 'string',
  description text,
  is_public boolean not null default false,
  updated_by uuid,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint settings_pkey primary key (key),
  constraint settings_updated_by_fkey foreign key (updated_by) references core.users (id) on delete set null,
  constraint settings_type_check check (type in ('string','integer','decimal','boolean','json')),
  constraint settings_key_check check (key ~ '^[a-z0-9_]+(\.[a-z0-9_]+)*$')
);

create index settings_public_idx on core.settings (key)
  where is_public;
create index settings_updated_by_idx on core.settings (updated_by)
  where updated_by is not null;

comment on table core.settings is
  E'@name setting\nSite configuration as key/value with a declared type.';
comment on column core.settings.key is 'Dotted name, e.g. moderation.auto_ban_enabled.';
comment on column core.settings.value is 'Textual value.';
comment on column core.settings.type is 'How to parse value.';
comment on column core.settings.description is 'For administrators.';
comment on column core.settings.is_public is 'Readable without sign-in.';
comment on column core.settings.updated_by is 'Last editor.';
comment on column core.settings.inserted_at is 'When the row was made.';
comment on column core.settings.updated_at is 'When the row last changed (kept by a trigger).';
comment on index core.settings_pkey is 'One row by its key.';
comment on constraint settings_type_check on core.settings is 'The values that exist.';
comment on constraint settings_key_check on core.settings is 'Dotted lower-case.';
comment on index core.settings_public_idx is 'Bootstrapping anonymous clients.';
comment on index core.settings_updated_by_idx is 'Serves the foreign key: what a person leaves behind is found without a scan.';

alter table core.settings enable row level security;

create table core.achievements (
  id uuid not null default core.uuidv7(),
  slug text not null,
  name varchar(100) not null,
  description text,
  icon_url text,
  points integer not null default 0,
  criteria jsonb not null default '{}',
  is_secret boolean not null default false,
  is_active boolean not null default true,
  inserted_at timestamptz not null default now(),
  constraint achievements_pkey primary key (id),
  constraint achievements_slug_key unique (slug),
  constraint achievements_points_check check (points >= 0)
);

comment on table core.achievements is
  E'@name achievement\nCatalogue of badges.';
comment on column core.achievements.id is 'Time-ordered key.';
comment on column core.achievements.slug is 'Machine name.';
comment on column core.achievements.name is 'Title.';
comment on column core.achievements.description is 'How to earn it.';
comment on column core.achievements.icon_url is 'Badge image.';
comment on column core.achievements.points is 'Gamification points.';
comment on column core.achievements.criteria is 'Rule evaluated by the worker (metric, threshold).';
comment on column core.achievements.is_secret is 'Hidden until earned.';
comment on column core.achievements.is_active is 'May still be earned.';
comment on column core.achievements.inserted_at is 'When the row was made.';
comment on index core.achievements_pkey is 'One row by its key.';
comment on index core.achievements_slug_key is 'Look-up.';
comment on constraint achievements_points_check on core.achievements is 'No negative badges.';

alter table core.achievements enable row level security;

create table core.user_achievements (
  user_id uuid not null,
  achievement_id uuid not null,
  progress numeric(20,4) not null default 0,
  earned_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint user_achievements_pkey primary key (user_id, achievement_id),
  constraint user_achievements_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint user_achievements_achievement_id_fkey foreign key (achievement_id) references core.achievements (id) on delete cascade
);

create index user_achievements_achievement_idx on core.user_achievements (achievement_id, earned_at);

comment on table core.user_achievements is
  E'@name user_achievement\nBadges earned by a user, with progress toward unearned ones.';
comment on column core.user_achievements.user_id is 'Holder.';
comment on column core.user_achievements.achievement_id is 'Badge.';
comment on column core.user_achievements.progress is 'Current metric value.';
comment on column core.user_achievements.earned_at is 'Null while in progress.';
comment on column core.user_achievements.inserted_at is 'When the row was made.';
comment on column core.user_achievements.updated_at is 'When the row last changed (kept by a trigger).';
comment on index core.user_achievements_pkey is 'One row by its key.';
comment on index core.user_achievements_achievement_idx is 'Who holds a badge; serves the foreign key.';

alter table core.user_achievements enable row level security;

create table core.idempotency_keys (
  user_id uuid not null,
  scope text not null,
  key varchar(255) not null,
  request_hash bytea not null,
  result jsonb not null,
  inserted_at timestamptz not null default now(),
  constraint idempotency_keys_pkey primary key (user_id, scope, key),
  constraint idempotency_keys_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade
);

create index idempotency_keys_inserted_at_idx on core.idempotency_keys (inserted_at);

comment on table core.idempotency_keys is
  'Remembers client-supplied retry keys, because a unique key that does not contain the partition key cannot exist on the partitioned tables themselves.';
comment on column core.idempotency_keys.user_id is 'Caller.';
comment on column core.idempotency_keys.scope is 'Operation name, e.g. messaging.send_message.';
comment on column core.idempotency_keys.key is 'Client key (nonce).';
comment on column core.idempotency_keys.request_hash is 'Digest of arguments; a re-use with other arguments is ST409.';
comment on column core.idempotency_keys.result is 'Key columns of the row that was produced.';
comment on column core.idempotency_keys.inserted_at is 'When the row was made.';
comment on index core.idempotency_keys_pkey is 'One row by its key.';
comment on index core.idempotency_keys_inserted_at_idx is 'Nightly purge.';

alter table core.idempotency_keys enable row level security;

create unlogged table core.search_index_queue (
  id uuid not null default core.uuidv7(),
  entity_type text not null,
  entity_id uuid not null,
  operation text not null default 'index',
  status text not null default 'pending',
  attempts smallint not null default 0,
  available_at timestamptz not null default now(),
  last_error text,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint search_index_queue_pkey primary key (id),
  constraint search_index_queue_operation_check check (operation in ('index','delete')),
  constraint search_index_queue_status_check check (status in ('pending','processing','failed'))
);

create unique index search_index_queue_pending_key on core.search_index_queue (entity_type, entity_id)
  where status = 'pending';
create index search_index_queue_claim_idx on core.search_index_queue (available_at, id)
  where status = 'pending';

comment on table core.search_index_queue is
  'Coalescing outbox feeding an optional external search engine. In core, because several modules feed it.';
comment on column core.search_index_queue.id is 'Time-ordered key.';
comment on column core.search_index_queue.entity_type is 'What kind of row; the modules that feed the queue name theirs in core.search_sources.';
comment on column core.search_index_queue.entity_id is 'Row to index (soft reference: the row may already be gone when operation = delete).';
comment on column core.search_index_queue.operation is 'What to do.';
comment on column core.search_index_queue.status is 'Queue state.';
comment on column core.search_index_queue.attempts is 'Tries so far.';
comment on column core.search_index_queue.available_at is 'Not before (back-off).';
comment on column core.search_index_queue.last_error is 'Diagnostics.';
comment on column core.search_index_queue.inserted_at is 'When the row was made.';
comment on column core.search_index_queue.updated_at is 'When the row last changed (kept by a trigger).';
comment on index core.search_index_queue_pkey is 'One row by its key.';
comment on index core.search_index_queue_pending_key is 'One pending job per entity; INSERT … ON CONFLICT (entity_type, entity_id) WHERE status = ''pending'' updates operation.';
comment on constraint search_index_queue_operation_check on core.search_index_queue is 'The values that exist.';
comment on constraint search_index_queue_status_check on core.search_index_queue is 'Done rows are deleted.';
comment on index core.search_index_queue_claim_idx is 'FOR UPDATE SKIP LOCKED batch claim.';

alter table core.search_index_queue enable row level security;

create table core.ownership_rules (
  table_name text not null,
  owner_column text not null,
  condition text not null default 'true',
  label text not null,
  constraint ownership_rules_pkey primary key (table_name, owner_column)
);

comment on table core.ownership_rules is
  'What a person can own that would be orphaned if their account closed. Each module registers its own; core.close_account asks them all.';
comment on column core.ownership_rules.table_name is 'The table, as schema.table.';
comment on column core.ownership_rules.owner_column is 'Column with the owner''s id.';
comment on column core.ownership_rules.condition is 'Condition on a row, which it may call target, that makes it count.';
comment on column core.ownership_rules.label is 'What the rows are called, in the plural.';
comment on index core.ownership_rules_pkey is 'The rules of one table.';

alter table core.ownership_rules enable row level security;

create table core.user_metrics (
  name text not null,
  query text not null,
  constraint user_metrics_pkey primary key (name),
  constraint user_metrics_name_check check (name ~ '^[a-z][a-z0-9_]*$')
);

comment on table core.user_metrics is
  'Figures about people that achievements and class promotion compare with thresholds. Each module registers its own; a threshold on a metric that is not registered is never reached.';
comment on column core.user_metrics.name is 'Name used in achievements.criteria and by core.promote_classes.';
comment on column core.user_metrics.query is 'SELECT with the columns user_id and value.';
comment on index core.user_metrics_pkey is 'One metric by its name.';
comment on constraint user_metrics_name_check on core.user_metrics is 'Machine-name shape.';

alter table core.user_metrics enable row level security;

create table core.search_sources (
  entity_type text not null,
  table_name text not null,
  condition text not null default 'true',
  constraint search_sources_pkey primary key (entity_type)
);

comment on table core.search_sources is
  'Which table an entity type of the search queue is read from, so that core.reindex_all can fill the queue again. Its key column is id.';
comment on column core.search_sources.entity_type is 'Entity type, as in search_index_queue.';
comment on column core.search_sources.table_name is 'The table, as schema.table.';
comment on column core.search_sources.condition is 'Condition on a row, which it may call target, that makes it searchable.';
comment on index core.search_sources_pkey is 'One source by its entity type.';

alter table core.search_sources enable row level security;

insert into core.user_classes
  (id, slug, name, role, sort_order, is_default, min_account_age_days, min_uploaded_bytes, min_ratio, min_torrents_uploaded)
values
  (1, 'member', 'Member', 'user', 10, true, null, null, null, null),
  (2, 'contributor', 'Contributor', 'user', 20, false, 30, null, null, null),
  (3, 'power_member', 'Power member', 'user', 30, false, 90, 53687091200, 1.0, null),
  (4, 'elite', 'Elite', 'user', 40, false, 180, 268435456000, 1.05, 10),
  (5, 'veteran', 'Veteran', 'user', 50, false, 365, 1099511627776, 1.1, 25),
  (6, 'supporter', 'Supporter', 'user', 60, false, null, null, null, null),
  (7, 'uploader', 'Uploader', 'user', 70, false, null, null, null, null),
  (8, 'trusted_uploader', 'Trusted uploader', 'user', 80, false, null, null, null, null),
  (9, 'internal', 'Internal', 'user', 90, false, null, null, null, null),
  (10, 'restricted', 'Restricted', 'user', 0, false, null, null, null, null),
  (11, 'moderator', 'Moderator', 'moderator', 100, false, null, null, null, null),
  (12, 'administrator', 'Administrator', 'admin', 110, false, null, null, null, null),
  (13, 'owner', 'Owner', 'admin', 120, false, null, null, null, null);

insert into core.settings (key, value, type, is_public, description) values
  ('site.name', 'Stoa', 'string', true, 'What this community is called.'),
  ('site.description', 'A community on Stoa.', 'string', true, 'One sentence for visitors.'),
  ('account.undo_days', '30', 'integer', true, 'Days in which a closed account can be opened again.'),
  ('username.cooldown_days', '30', 'integer', true, 'Days between two changes of a username.'),
  ('username.reserved', '["admin","administrator","anonymous","api","deleted","everyone","graphql","help","here","moderator","null","official","owner","root","security","staff","stoa","support","system","undefined"]', 'json', false, 'Usernames that nobody may take.'),
  ('presence.idle_seconds', '600', 'integer', true, 'Silence after which somebody online with several devices counts as idle.'),
  ('presence.offline_seconds', '90', 'integer', true, 'Silence of the last device after which somebody counts as offline.'),
  ('search.outbox_enabled', 'false', 'boolean', false, 'Whether changes are queued for an external search engine.');

insert into core.user_metrics (name, query) values
  ('account_age_days', 'select id as user_id, extract(day from now() - inserted_at)::numeric as value from core.users where erased_at is null');

insert into core.search_sources (entity_type, table_name, condition) values
  ('user', 'core.users', 'target.erased_at is null and target.deleted_at is null');

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('user.unknown', 'ST404', 'There is no such person.', 'Check the id; the account may be closed.'),
  ('class.unknown', 'ST404', 'There is no such account class.', 'Choose an id of the list of classes.'),
  ('username.malformed', 'ST422', 'This is not a username.', 'Use 3 to 30 of the letters a to z, digits and underscores.'),
  ('username.reserved', 'ST422', 'This username is reserved.', 'Choose another one.'),
  ('username.taken', 'ST409', 'This username is taken.', 'Choose another one.'),
  ('username.too_soon', 'ST429', 'The username was changed a short while ago.', 'Wait for the seconds that the answer names.'),
  ('status.unknown', 'ST422', 'There is no such status.', 'Send online, idle (or away), dnd or offline.'),
  ('device.unknown_event', 'ST422', 'A heart-beat does not tell this of a device.', 'Send open, close or nothing.'),
  ('setting.unknown', 'ST404', 'There is no such setting.', 'Look the key up in the list of settings.'),
  ('setting.malformed', 'ST422', 'This value is not of the type of the setting.', 'Send a value that the type of the setting can hold.'),
  ('account.owns_things', 'ST409', 'The account still owns something that others use.', 'Hand over or close what you own first.'),
  ('account.not_closed', 'ST409', 'The account is not closed.', 'There is nothing to undo.'),
  ('account.undo_expired', 'ST410', 'The time in which a closed account can be opened again is over.', 'Register a new account.'),
  ('achievement.unknown', 'ST404', 'There is no such achievement.', 'Choose an id of the list of achievements.'),
  ('search.unknown_entity', 'ST404', 'There is nothing of this kind to index.', 'Send an entity type that an installed module registers.');

insert into ops.retention_policies (name, target, predicate) values
  ('idempotency_keys', 'core.idempotency_keys', 'inserted_at < :now - interval ''24 hours''');

insert into ops.personal_data_rules (table_name, column_name, action, reason) values
  ('core.users', 'username', 'scrub', 'Names a person.'),
  ('core.users', 'display_name', 'scrub', 'Names a person.'),
  ('core.users', 'avatar_url', 'scrub', 'Shows a person.'),
  ('core.users', 'banner_url', 'scrub', 'Shows a person.'),
  ('core.users', 'username_changed_at', 'scrub', 'Tells about a name that is gone.'),
  ('core.users', 'last_active_on', 'scrub', 'Tells when a person was here.'),
  ('core.users', 'premium_until', 'scrub', 'Tells what a person bought.'),
  ('core.profiles', 'user_id', 'keep', 'The row stays empty beside the tombstone.'),
  ('core.profiles', 'bio', 'scrub', 'Written by the person about themselves.'),
  ('core.profiles', 'custom_status', 'scrub', 'Written by the person about themselves.'),
  ('core.profiles', 'website', 'scrub', 'Identifies a person elsewhere.'),
  ('core.profiles', 'twitter', 'scrub', 'Identifies a person elsewhere.'),
  ('core.profiles', 'discord', 'scrub', 'Identifies a person elsewhere.'),
  ('core.profiles', 'telegram', 'scrub', 'Identifies a person elsewhere.'),
  ('core.user_settings', 'user_id', 'delete', 'Preferences serve nobody without their owner.'),
  ('core.presence', 'user_id', 'delete', 'Tells when a person was here.'),
  ('core.settings', 'updated_by', 'keep', 'An administrative act; points at the tombstone.'),
  ('core.user_achievements', 'user_id', 'delete', 'Badges serve nobody without their holder.'),
  ('core.idempotency_keys', 'user_id', 'delete', 'Serves retries of the last day only.');

insert into ops.backup_tiers (table_name, tier) values
  ('core.user_classes', 'A'),
  ('core.users', 'A'),
  ('core.profiles', 'A'),
  ('core.user_settings', 'A'),
  ('core.presence', 'D'),
  ('core.settings', 'A'),
  ('core.achievements', 'B'),
  ('core.user_achievements', 'B'),
  ('core.idempotency_keys', 'D'),
  ('core.search_index_queue', 'D'),
  ('core.ownership_rules', 'A'),
  ('core.user_metrics', 'A'),
  ('core.search_sources', 'A');

-- Down Migration

delete from ops.backup_tiers where table_name like 'core.%' and table_name <> 'core.error_codes';
delete from ops.personal_data_rules where table_name like 'core.%';
delete from ops.retention_policies where target like 'core.%';
delete from core.error_codes where reason in (
  'user.unknown', 'class.unknown', 'username.malformed', 'username.reserved', 'username.taken', 'username.too_soon',
  'status.unknown', 'device.unknown_event', 'setting.unknown', 'setting.malformed', 'account.owns_things',
  'account.not_closed', 'account.undo_expired', 'achievement.unknown', 'search.unknown_entity'
);
drop table core.search_sources;
drop table core.user_metrics;
drop table core.ownership_rules;
drop table core.search_index_queue;
drop table core.idempotency_keys;
drop table core.user_achievements;
drop table core.achievements;
drop table core.settings;
drop table core.presence;
drop table core.user_settings;
drop table core.profiles;
drop table core.users;
drop table core.user_classes;
