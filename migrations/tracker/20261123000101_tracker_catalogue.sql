-- Why: the catalogue of a private BitTorrent community: torrents with their files, tags and history of decisions,
-- requests with bounties, collections, comments. Swarms, accounts of points and passkeys follow in the next migration.
-- Lock order of everything in this module, in functions and in triggers alike: category, torrents by id, requests by
-- id, collections by id, what hangs on them (statistics, assignments, bounties, comments) by key, and last the
-- statistics of people, by id of the person. A queue item of another module that waits for a decision comes after the
-- torrent that it is about.
-- Locks: none on anything that holds data; one row of core.settings. Back: drops the schema with the whole catalogue.

-- Up Migration

create schema tracker;
comment on schema tracker is 'A private BitTorrent community: catalogue, requests with bounties, collections, swarms, statistics and bonus points.';

grant usage on schema tracker to stoa_anonymous, stoa_worker;

create table tracker.categories (
  id integer not null generated always as identity,
  parent_id integer,
  name varchar(100) not null,
  slug varchar(100) not null,
  icon_url text,
  position integer not null default 0,
  metadata_provider varchar(20),
  is_active boolean not null default true,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint categories_pkey primary key (id),
  constraint categories_parent_id_fkey foreign key (parent_id) references tracker.categories (id) on delete restrict,
  constraint categories_slug_key unique (slug),
  constraint categories_parent_check check (parent_id is null or parent_id <> id),
  constraint categories_provider_check check (metadata_provider in ('tmdb', 'igdb', 'musicbrainz')),
  constraint categories_slug_check check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$')
);

comment on table tracker.categories is
  E'@name torrent_category\nA category of torrents; categories nest four levels deep. Its number is small and lasting, because feeds and clients address categories by number.';
comment on column tracker.categories.id is 'Number of the category.';
comment on column tracker.categories.parent_id is 'The category that encloses this one.';
comment on column tracker.categories.name is 'The name people see.';
comment on column tracker.categories.slug is 'The name in addresses: lower-case letters, digits and hyphens.';
comment on column tracker.categories.icon_url is 'Picture shown beside the name.';
comment on column tracker.categories.position is 'Place among the categories of one parent.';
comment on column tracker.categories.metadata_provider is 'Which catalogue describes works of this category: tmdb, igdb, musicbrainz, or null for none.';
comment on column tracker.categories.is_active is 'Whether it takes uploads and requests.';
comment on column tracker.categories.inserted_at is 'When the row was made.';
comment on column tracker.categories.updated_at is 'When the row last changed (kept by a trigger).';
comment on constraint categories_parent_check on tracker.categories is 'No category encloses itself; longer circles are refused by a trigger.';
comment on constraint categories_provider_check on tracker.categories is 'The catalogues that are known.';
comment on constraint categories_slug_check on tracker.categories is 'Fit for an address.';

create index categories_parent_idx on tracker.categories (parent_id, position);

comment on index tracker.categories_pkey is 'One category by its number.';
comment on index tracker.categories_slug_key is 'One category by its address.';
comment on index tracker.categories_parent_idx is 'The categories under one, in order; serves the foreign key.';

alter table tracker.categories enable row level security;

create table tracker.torrents (
  id uuid not null default core.uuidv7(),
  info_hash bytea not null,
  info_hash_v2 bytea,
  name varchar(500) not null,
  description text not null default '',
  category_id integer not null,
  uploader_id uuid,
  is_anonymous boolean not null default false,
  public_uploader_id uuid generated always as (case when is_anonymous then null else uploader_id end) stored,
  torrent_upload_id uuid,
  size_bytes bigint not null,
  file_count integer not null,
  piece_length integer not null,
  metadata jsonb not null default '{}',
  moderation_status text not null default 'pending',
  approved_at timestamptz,
  is_active boolean not null default true,
  is_freeleech boolean not null default false,
  freeleech_until timestamptz,
  upload_factor numeric(4, 2) not null default 1.00,
  search tsvector not null generated always as (setweight(to_tsvector('simple'::regconfig, name), 'A') operator(pg_catalog.||) setweight(to_tsvector('simple'::regconfig, description), 'C')) stored,
  deleted_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint torrents_pkey primary key (id),
  constraint torrents_category_id_fkey foreign key (category_id) references tracker.categories (id) on delete restrict,
  constraint torrents_uploader_id_fkey foreign key (uploader_id) references core.users (id) on delete set null,
  constraint torrents_public_uploader_id_fkey foreign key (public_uploader_id) references core.users (id),
  constraint torrents_torrent_upload_id_fkey foreign key (torrent_upload_id) references media.uploads (id) on delete restrict,
  constraint torrents_info_hash_key unique (info_hash),
  constraint torrents_info_hash_check check (
    octet_length(info_hash) in (20, 32)
    and (info_hash_v2 is null or octet_length(info_hash_v2) = 32)
    and (octet_length(info_hash) = 20 or (info_hash_v2 is not null and info_hash_v2 = info_hash))
  ),
  constraint torrents_name_check check (char_length(btrim(name)) > 0),
  constraint torrents_description_check check (char_length(description) <= 100000),
  constraint torrents_status_check check (moderation_status in ('pending', 'approved', 'rejected')),
  constraint torrents_approved_check check (moderation_status <> 'approved' or approved_at is not null),
  constraint torrents_sizes_check check (size_bytes > 0 and file_count > 0 and piece_length > 0),
  constraint torrents_factor_check check (upload_factor between 0 and 10),
  constraint torrents_freeleech_check check (freeleech_until is null or is_freeleech),
  constraint torrents_metadata_check check (jsonb_typeof(metadata) = 'object')
) with (fillfactor = 90);

comment on table tracker.torrents is
  E'@name torrent\nA torrent that the community offers. What changes often (swarm, views) is counted in its statistics.';
comment on column tracker.torrents.id is 'Time-ordered identifier.';
comment on column tracker.torrents.info_hash is 'Identity in the swarm: SHA-1 of a version 1 or hybrid torrent (20 bytes), SHA-256 of one of version 2 alone (32).';
comment on column tracker.torrents.info_hash_v2 is 'SHA-256 identity of a hybrid torrent, or of one of version 2 alone.';
comment on column tracker.torrents.name is 'The title.';
comment on column tracker.torrents.description is 'What it is, in words.';
comment on column tracker.torrents.category_id is 'The category.';
comment on column tracker.torrents.uploader_id is E'@name real_uploader_id\nWho uploaded it, granted to moderators; everybody else reads uploader, and lists what is theirs with my_torrents.';
comment on column tracker.torrents.is_anonymous is 'Whether the uploader is hidden from members.';
comment on column tracker.torrents.public_uploader_id is E'@name uploader_id\nWho uploaded it; null where they asked not to be named.';
comment on column tracker.torrents.torrent_upload_id is E'@behavior -*\nThe metainfo file. Handed out by tracker.download_torrent alone.';
comment on column tracker.torrents.size_bytes is 'Sum of the sizes of its files.';
comment on column tracker.torrents.file_count is 'Number of files.';
comment on column tracker.torrents.piece_length is 'Size of a piece in bytes.';
comment on column tracker.torrents.metadata is 'Technical description: codec, resolution, media information.';
comment on column tracker.torrents.moderation_status is 'pending, approved or rejected.';
comment on column tracker.torrents.approved_at is 'When it was approved, last.';
comment on column tracker.torrents.is_active is 'Whether it is listed and tracked.';
comment on column tracker.torrents.is_freeleech is 'Whether downloads do not count; read together with freeleech_until.';
comment on column tracker.torrents.freeleech_until is 'When free downloads end; null beside is_freeleech = never.';
comment on column tracker.torrents.upload_factor is 'By how much uploads are multiplied before they are credited.';
comment on column tracker.torrents.search is E'@behavior -*\nDocument of the full-text search: the title above the description.';
comment on column tracker.torrents.deleted_at is 'When it was deleted; purged 30 days later.';
comment on column tracker.torrents.inserted_at is 'When the row was made.';
comment on column tracker.torrents.updated_at is 'When the row last changed (kept by a trigger).';
comment on constraint torrents_info_hash_check on tracker.torrents is 'Sizes of digests; a torrent of version 2 alone has its identity in both columns, so that no hybrid can take it twice.';
comment on constraint torrents_name_check on tracker.torrents is 'A title has characters.';
comment on constraint torrents_description_check on tracker.torrents is 'A description has an end.';
comment on constraint torrents_status_check on tracker.torrents is 'The states that exist.';
comment on constraint torrents_approved_check on tracker.torrents is 'What is approved says since when.';
comment on constraint torrents_sizes_check on tracker.torrents is 'Impossible values are refused.';
comment on constraint torrents_factor_check on tracker.torrents is 'Closed range.';
comment on constraint torrents_freeleech_check on tracker.torrents is 'Only what is free has an end of being free.';
comment on constraint torrents_metadata_check on tracker.torrents is 'Always an object.';

create unique index torrents_info_hash_v2_key on tracker.torrents (info_hash_v2)
  where info_hash_v2 is not null;
create index torrents_info_hash_v2_short_idx on tracker.torrents (substring(info_hash_v2 from 1 for 20))
  where info_hash_v2 is not null;
create index torrents_browse_idx on tracker.torrents (category_id, id desc)
  where moderation_status = 'approved' and is_active and deleted_at is null;
create index torrents_recent_idx on tracker.torrents (id desc)
  where moderation_status = 'approved' and is_active and deleted_at is null;
create index torrents_freeleech_idx on tracker.torrents (id desc)
  where is_freeleech and moderation_status = 'approved' and is_active and deleted_at is null;
create index torrents_pending_idx on tracker.torrents (id)
  where moderation_status = 'pending';
create index torrents_uploader_idx on tracker.torrents (uploader_id, id desc);
create index torrents_public_uploader_idx on tracker.torrents (public_uploader_id, id desc)
  where public_uploader_id is not null;
create index torrents_category_idx on tracker.torrents (category_id);
create index torrents_upload_file_idx on tracker.torrents (torrent_upload_id)
  where torrent_upload_id is not null;
create index torrents_freeleech_end_idx on tracker.torrents (freeleech_until)
  where freeleech_until is not null;
create index torrents_purge_idx on tracker.torrents (deleted_at)
  where deleted_at is not null;
create index torrents_search_idx on tracker.torrents using gin (search)
  where moderation_status = 'approved' and deleted_at is null;

comment on index tracker.torrents_pkey is 'One torrent by its identifier.';
comment on index tracker.torrents_info_hash_key is 'The torrent of an announce; no torrent twice.';
comment on index tracker.torrents_info_hash_v2_key is 'The same by the second identity.';
comment on index tracker.torrents_info_hash_v2_short_idx is 'The torrent of an announce of version 2, which carries the first 20 bytes (BEP 52).';
comment on index tracker.torrents_browse_idx is 'A category, newest first.';
comment on index tracker.torrents_recent_idx is 'Everything, newest first.';
comment on index tracker.torrents_freeleech_idx is 'What is free, newest first.';
comment on index tracker.torrents_pending_idx is 'What waits for approval, oldest first.';
comment on index tracker.torrents_uploader_idx is 'What somebody uploaded, newest first; serves the foreign key.';
comment on index tracker.torrents_public_uploader_idx is 'What somebody uploaded under their name, newest first; serves the foreign key.';
comment on index tracker.torrents_category_idx is 'Serves the foreign key.';
comment on index tracker.torrents_upload_file_idx is 'Serves the foreign key; no file in two torrents is looked up here.';
comment on index tracker.torrents_freeleech_end_idx is 'Where free downloads have ended.';
comment on index tracker.torrents_purge_idx is 'Deleted torrents that are due for purging.';
comment on index tracker.torrents_search_idx is 'Full-text search, past row security.';

comment on constraint torrents_category_id_fkey on tracker.torrents is E'@foreignFieldName torrents\nA category that holds torrents stays.';
comment on constraint torrents_public_uploader_id_fkey on tracker.torrents is E'@isIndexed\n@foreignFieldName uploadedTorrents\nThe uploader as members see them.';
comment on constraint torrents_uploader_id_fkey on tracker.torrents is E'@foreignFieldName reallyUploadedTorrents\nAn account that is gone leaves its torrents.';
comment on constraint torrents_torrent_upload_id_fkey on tracker.torrents is E'@behavior -*\nA file that a torrent needs stays.';

alter table tracker.torrents enable row level security;

create table tracker.torrent_files (
  torrent_id uuid not null,
  position integer not null,
  path text not null,
  size_bytes bigint not null,
  constraint torrent_files_pkey primary key (torrent_id, position),
  constraint torrent_files_torrent_id_fkey foreign key (torrent_id) references tracker.torrents (id) on delete cascade,
  constraint torrent_files_check check (position >= 0 and size_bytes >= 0 and path !~ '(^|/)\.\.(/|$)')
);

comment on table tracker.torrent_files is
  E'@name torrent_file\nA file inside a torrent, as its metainfo lists it. Never changes.';
comment on column tracker.torrent_files.torrent_id is 'The torrent.';
comment on column tracker.torrent_files.position is 'Place in the metainfo, from 0.';
comment on column tracker.torrent_files.path is 'Path inside the torrent, with slashes.';
comment on column tracker.torrent_files.size_bytes is 'Size in bytes.';
comment on constraint torrent_files_check on tracker.torrent_files is 'No path leads out of the torrent; nothing is negative.';

create index torrent_files_name_trgm_idx on tracker.torrent_files using gin (path extensions.gin_trgm_ops);

comment on index tracker.torrent_files_pkey is 'The files of a torrent, in order.';
comment on index tracker.torrent_files_name_trgm_idx is 'Search by file name, past row security.';

comment on constraint torrent_files_torrent_id_fkey on tracker.torrent_files is E'@foreignFieldName files\nGoes with its torrent.';

alter table tracker.torrent_files enable row level security;

create table tracker.tags (
  id uuid not null default core.uuidv7(),
  name varchar(50) not null,
  usage_count integer not null default 0,
  inserted_at timestamptz not null default now(),
  constraint tags_pkey primary key (id),
  constraint tags_name_key unique (name),
  constraint tags_name_check check (name ~ '^[a-z0-9][a-z0-9.-]{0,49}$' and usage_count >= 0)
);

comment on table tracker.tags is
  E'@name tag\nA label that anybody can put on a torrent.';
comment on column tracker.tags.id is 'Time-ordered identifier.';
comment on column tracker.tags.name is 'The label: lower-case letters, digits, dots and hyphens.';
comment on column tracker.tags.usage_count is 'On how many torrents it is. Kept by a trigger on assignments.';
comment on column tracker.tags.inserted_at is 'When the row was made.';
comment on constraint tags_name_check on tracker.tags is 'Canonical form; a count is never negative.';

create index tags_usage_idx on tracker.tags (usage_count desc, id);

comment on index tracker.tags_pkey is 'One tag by its identifier.';
comment on index tracker.tags_name_key is 'One tag by its name.';
comment on index tracker.tags_usage_idx is E'@order POPULAR\nThe tag cloud: the most used first.';

alter table tracker.tags enable row level security;

create table tracker.torrent_tag_assignments (
  torrent_id uuid not null,
  tag_id uuid not null,
  assigned_by uuid,
  score integer not null default 0,
  inserted_at timestamptz not null default now(),
  constraint torrent_tag_assignments_pkey primary key (torrent_id, tag_id),
  constraint torrent_tag_assignments_torrent_id_fkey foreign key (torrent_id) references tracker.torrents (id) on delete cascade,
  constraint torrent_tag_assignments_tag_id_fkey foreign key (tag_id) references tracker.tags (id) on delete cascade,
  constraint torrent_tag_assignments_assigned_by_fkey foreign key (assigned_by) references core.users (id) on delete set null
);

comment on table tracker.torrent_tag_assignments is
  E'@name torrent_tag\nA tag on a torrent. Members vote on whether it fits; at a score of -5 it falls off.';
comment on column tracker.torrent_tag_assignments.torrent_id is 'The torrent.';
comment on column tracker.torrent_tag_assignments.tag_id is 'The tag.';
comment on column tracker.torrent_tag_assignments.assigned_by is 'Who put it there; read by moderators.';
comment on column tracker.torrent_tag_assignments.score is 'Sum of the votes. Kept by triggers on votes.';
comment on column tracker.torrent_tag_assignments.inserted_at is 'When the row was made.';

create index torrent_tag_assignments_tag_idx on tracker.torrent_tag_assignments (tag_id, torrent_id);
create index torrent_tag_assignments_by_idx on tracker.torrent_tag_assignments (assigned_by)
  where assigned_by is not null;

comment on index tracker.torrent_tag_assignments_pkey is 'The tags of a torrent.';
comment on index tracker.torrent_tag_assignments_tag_idx is 'The torrents of a tag; serves the foreign key.';
comment on index tracker.torrent_tag_assignments_by_idx is 'Serves the foreign key.';

comment on constraint torrent_tag_assignments_torrent_id_fkey on tracker.torrent_tag_assignments is E'@foreignFieldName tags\nGoes with its torrent.';
comment on constraint torrent_tag_assignments_tag_id_fkey on tracker.torrent_tag_assignments is E'@foreignFieldName torrentTags\nGoes with its tag.';

alter table tracker.torrent_tag_assignments enable row level security;

create table tracker.torrent_tag_votes (
  torrent_id uuid not null,
  tag_id uuid not null,
  user_id uuid not null,
  value smallint not null,
  inserted_at timestamptz not null default now(),
  constraint torrent_tag_votes_pkey primary key (torrent_id, tag_id, user_id),
  constraint torrent_tag_votes_assignment_fkey foreign key (torrent_id, tag_id) references tracker.torrent_tag_assignments (torrent_id, tag_id) on delete cascade,
  constraint torrent_tag_votes_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint torrent_tag_votes_value_check check (value in (-1, 1))
);

comment on table tracker.torrent_tag_votes is
  E'@name torrent_tag_vote\nWhat somebody thinks of a tag on a torrent: one vote each.';
comment on column tracker.torrent_tag_votes.torrent_id is 'The torrent.';
comment on column tracker.torrent_tag_votes.tag_id is 'The tag.';
comment on column tracker.torrent_tag_votes.user_id is 'Who votes.';
comment on column tracker.torrent_tag_votes.value is '1 = it fits, -1 = it does not.';
comment on column tracker.torrent_tag_votes.inserted_at is 'When the vote was cast.';
comment on constraint torrent_tag_votes_value_check on tracker.torrent_tag_votes is 'Two values.';

create index torrent_tag_votes_user_idx on tracker.torrent_tag_votes (user_id);

comment on index tracker.torrent_tag_votes_pkey is 'The votes on a tag; one vote per person.';
comment on index tracker.torrent_tag_votes_user_idx is 'The votes of a person; serves the foreign key.';

comment on constraint torrent_tag_votes_assignment_fkey on tracker.torrent_tag_votes is E'@foreignFieldName votes\nGoes with the tag on the torrent.';

alter table tracker.torrent_tag_votes enable row level security;

create table tracker.torrent_moderation (
  id uuid not null default core.uuidv7(),
  torrent_id uuid not null,
  moderator_id uuid,
  action text not null,
  reason text,
  changes jsonb not null default '{}',
  inserted_at timestamptz not null default now(),
  constraint torrent_moderation_pkey primary key (id),
  constraint torrent_moderation_torrent_id_fkey foreign key (torrent_id) references tracker.torrents (id) on delete cascade,
  constraint torrent_moderation_moderator_id_fkey foreign key (moderator_id) references core.users (id) on delete set null,
  constraint torrent_moderation_action_check check (
    action in ('submitted', 'approved', 'rejected', 'edited', 'deactivated', 'reactivated', 'freeleech', 'deleted', 'restored')
  ),
  constraint torrent_moderation_reason_check check (action <> 'rejected' or reason is not null),
  constraint torrent_moderation_changes_check check (jsonb_typeof(changes) = 'object')
);

comment on table tracker.torrent_moderation is
  E'@name torrent_decision\nWhat was decided about a torrent and changed in it, from its submission on. Rows are only ever added.';
comment on column tracker.torrent_moderation.id is 'Time-ordered identifier.';
comment on column tracker.torrent_moderation.torrent_id is 'The torrent.';
comment on column tracker.torrent_moderation.moderator_id is 'Who did it, the uploader included; null = the platform. Read by moderators.';
comment on column tracker.torrent_moderation.action is 'submitted, approved, rejected, edited, deactivated, reactivated, freeleech, deleted or restored.';
comment on column tracker.torrent_moderation.reason is 'Why; the uploader reads it.';
comment on column tracker.torrent_moderation.changes is 'Per field the old and the new value.';
comment on column tracker.torrent_moderation.inserted_at is 'When.';
comment on constraint torrent_moderation_action_check on tracker.torrent_moderation is 'The actions that exist.';
comment on constraint torrent_moderation_reason_check on tracker.torrent_moderation is 'A rejection needs a reason.';
comment on constraint torrent_moderation_changes_check on tracker.torrent_moderation is 'Always an object.';

create index torrent_moderation_torrent_idx on tracker.torrent_moderation (torrent_id, id);
create index torrent_moderation_moderator_idx on tracker.torrent_moderation (moderator_id, id)
  where moderator_id is not null;

comment on index tracker.torrent_moderation_pkey is 'One decision by its identifier.';
comment on index tracker.torrent_moderation_torrent_idx is 'The history of a torrent; serves the foreign key.';
comment on index tracker.torrent_moderation_moderator_idx is 'What somebody decided; serves the foreign key.';

comment on constraint torrent_moderation_torrent_id_fkey on tracker.torrent_moderation is E'@foreignFieldName decisions\nGoes with its torrent.';

alter table tracker.torrent_moderation enable row level security;

create table tracker.torrent_metadata (
  torrent_id uuid not null,
  provider text not null,
  external_id varchar(64) not null,
  title text,
  year smallint,
  data jsonb not null default '{}',
  fetched_at timestamptz,
  inserted_at timestamptz not null default now(),
  constraint torrent_metadata_pkey primary key (torrent_id, provider),
  constraint torrent_metadata_torrent_id_fkey foreign key (torrent_id) references tracker.torrents (id) on delete cascade,
  constraint torrent_metadata_provider_check check (provider in ('tmdb', 'igdb', 'musicbrainz')),
  constraint torrent_metadata_data_check check (jsonb_typeof(data) = 'object')
);

comment on table tracker.torrent_metadata is
  E'@name torrent_metadata\nWhich work of an outside catalogue a torrent is, and what that catalogue says of it.';
comment on column tracker.torrent_metadata.torrent_id is 'The torrent.';
comment on column tracker.torrent_metadata.provider is 'The catalogue: tmdb, igdb or musicbrainz.';
comment on column tracker.torrent_metadata.external_id is 'The identifier of the work there.';
comment on column tracker.torrent_metadata.title is 'Its title there.';
comment on column tracker.torrent_metadata.year is 'Its year.';
comment on column tracker.torrent_metadata.data is 'What else the catalogue answered.';
comment on column tracker.torrent_metadata.fetched_at is 'When the catalogue was asked; null = not yet, or asked again for another work.';
comment on column tracker.torrent_metadata.inserted_at is 'When the row was made.';
comment on constraint torrent_metadata_provider_check on tracker.torrent_metadata is 'The catalogues that are known.';
comment on constraint torrent_metadata_data_check on tracker.torrent_metadata is 'Always an object.';

create index torrent_metadata_external_idx on tracker.torrent_metadata (provider, external_id);
create index torrent_metadata_stale_idx on tracker.torrent_metadata (torrent_id)
  where fetched_at is null;
create index torrent_metadata_data_idx on tracker.torrent_metadata using gin (data jsonb_path_ops);

comment on index tracker.torrent_metadata_pkey is 'What is known of a torrent.';
comment on index tracker.torrent_metadata_external_idx is 'The torrents of one work.';
comment on index tracker.torrent_metadata_stale_idx is 'What is still to be fetched.';
comment on index tracker.torrent_metadata_data_idx is 'Containment, past row security.';

comment on constraint torrent_metadata_torrent_id_fkey on tracker.torrent_metadata is E'@foreignFieldName works\nGoes with its torrent.';

alter table tracker.torrent_metadata enable row level security;

create table tracker.torrent_statistics (
  torrent_id uuid not null,
  seeders integer not null default 0,
  leechers integer not null default 0,
  times_completed integer not null default 0,
  total_uploaded bigint not null default 0,
  total_downloaded bigint not null default 0,
  view_count bigint not null default 0,
  download_count bigint not null default 0,
  comment_count integer not null default 0,
  last_announce_at timestamptz,
  last_seeded_at timestamptz,
  updated_at timestamptz not null default now(),
  constraint torrent_statistics_pkey primary key (torrent_id),
  constraint torrent_statistics_torrent_id_fkey foreign key (torrent_id) references tracker.torrents (id) on delete cascade,
  constraint torrent_statistics_check check (seeders >= 0 and leechers >= 0 and times_completed >= 0 and comment_count >= 0)
) with (fillfactor = 70);

comment on table tracker.torrent_statistics is
  E'@name torrent_statistics\nFigures of a torrent that change often, apart from its description so that a change touches one small row.';
comment on column tracker.torrent_statistics.torrent_id is 'The torrent.';
comment on column tracker.torrent_statistics.seeders is 'Peers that have everything, as of the last refresh.';
comment on column tracker.torrent_statistics.leechers is 'Peers that still download, as of the last refresh.';
comment on column tracker.torrent_statistics.times_completed is 'How many people have completed it.';
comment on column tracker.torrent_statistics.total_uploaded is 'Bytes that peers reported as uploaded.';
comment on column tracker.torrent_statistics.total_downloaded is 'Bytes that peers reported as downloaded.';
comment on column tracker.torrent_statistics.view_count is 'How often its page was opened.';
comment on column tracker.torrent_statistics.download_count is 'How often its metainfo was fetched.';
comment on column tracker.torrent_statistics.comment_count is 'Live comments. Kept by triggers on comments.';
comment on column tracker.torrent_statistics.last_announce_at is 'When the swarm was last heard of.';
comment on column tracker.torrent_statistics.last_seeded_at is 'When it last had a seeder.';
comment on column tracker.torrent_statistics.updated_at is 'When the figures were refreshed.';
comment on constraint torrent_statistics_check on tracker.torrent_statistics is 'A count is never negative.';

-- Announces change none of these two: an update of the totals stays within its page.
create index torrent_statistics_seeders_idx on tracker.torrent_statistics (seeders desc, torrent_id desc);
create index torrent_statistics_completed_idx on tracker.torrent_statistics (times_completed desc, torrent_id desc);

comment on index tracker.torrent_statistics_pkey is 'The figures of one torrent.';
comment on index tracker.torrent_statistics_seeders_idx is 'The best seeded first.';
comment on index tracker.torrent_statistics_completed_idx is 'The most completed first.';

comment on constraint torrent_statistics_torrent_id_fkey on tracker.torrent_statistics is E'@foreignSingleFieldName statistics\nGoes with its torrent.';

alter table tracker.torrent_statistics enable row level security;

create table tracker.requests (
  id uuid not null default core.uuidv7(),
  requester_id uuid,
  category_id integer not null,
  title varchar(300) not null,
  description text not null default '',
  status text not null default 'pending',
  total_bounty numeric(18, 4) not null default 0,
  vote_count integer not null default 0,
  comment_count integer not null default 0,
  filled_torrent_id uuid,
  filled_by uuid,
  filled_at timestamptz,
  confirmed_at timestamptz,
  expires_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint requests_pkey primary key (id),
  constraint requests_requester_id_fkey foreign key (requester_id) references core.users (id) on delete set null,
  constraint requests_category_id_fkey foreign key (category_id) references tracker.categories (id) on delete restrict,
  constraint requests_filled_torrent_id_fkey foreign key (filled_torrent_id) references tracker.torrents (id) on delete set null,
  constraint requests_filled_by_fkey foreign key (filled_by) references core.users (id) on delete set null,
  constraint requests_title_check check (char_length(btrim(title)) > 0),
  constraint requests_description_check check (char_length(description) <= 20000),
  constraint requests_status_check check (status in ('pending', 'fill_proposed', 'filled', 'cancelled', 'expired')),
  constraint requests_fill_check check (status not in ('fill_proposed', 'filled') or filled_at is not null),
  constraint requests_confirmed_check check ((status = 'filled') = (confirmed_at is not null)),
  constraint requests_counts_check check (total_bounty >= 0 and vote_count >= 0 and comment_count >= 0)
);

comment on table tracker.requests is
  E'@name torrent_request\nSomething that somebody wants, with a bounty for whoever uploads it. The bounty is held until the fill is confirmed, and goes back when the request is cancelled or expires.';
comment on column tracker.requests.id is 'Time-ordered identifier.';
comment on column tracker.requests.requester_id is 'Who asks.';
comment on column tracker.requests.category_id is 'The category; a torrent that fills the request stands in it or under it.';
comment on column tracker.requests.title is 'What is wanted.';
comment on column tracker.requests.description is 'In more words.';
comment on column tracker.requests.status is 'pending, fill_proposed, filled, cancelled or expired.';
comment on column tracker.requests.total_bounty is 'Sum of the contributions that were not given back. Kept by a trigger on bounties.';
comment on column tracker.requests.vote_count is 'How many want it too. Kept by triggers on votes.';
comment on column tracker.requests.comment_count is 'Live comments. Kept by triggers on comments.';
comment on column tracker.requests.filled_torrent_id is 'The torrent that is proposed, or was accepted.';
comment on column tracker.requests.filled_by is E'@name filled_by_id\nWho proposed it, and is paid.';
comment on column tracker.requests.filled_at is 'When it was proposed.';
comment on column tracker.requests.confirmed_at is 'When it was accepted and paid.';
comment on column tracker.requests.expires_at is 'When the request lapses and the bounty goes back; null = never.';
comment on column tracker.requests.inserted_at is 'When the row was made.';
comment on column tracker.requests.updated_at is 'When the row last changed (kept by a trigger).';
comment on constraint requests_title_check on tracker.requests is 'A title has characters.';
comment on constraint requests_description_check on tracker.requests is 'A description has an end.';
comment on constraint requests_status_check on tracker.requests is 'The states that exist.';
comment on constraint requests_fill_check on tracker.requests is 'A fill has a date.';
comment on constraint requests_confirmed_check on tracker.requests is 'What is filled says since when, nothing else does.';
comment on constraint requests_counts_check on tracker.requests is 'Nothing is negative.';

create index requests_open_bounty_idx on tracker.requests (total_bounty desc, id desc)
  where status = 'pending';
create index requests_open_votes_idx on tracker.requests (vote_count desc, id desc)
  where status = 'pending';
create index requests_category_idx on tracker.requests (category_id, id desc);
create index requests_requester_idx on tracker.requests (requester_id, id desc);
create index requests_filled_by_idx on tracker.requests (filled_by)
  where filled_by is not null;
create index requests_torrent_idx on tracker.requests (filled_torrent_id)
  where filled_torrent_id is not null;
create index requests_expiry_idx on tracker.requests (expires_at)
  where status = 'pending' and expires_at is not null;
create index requests_confirmation_idx on tracker.requests (filled_at)
  where status = 'fill_proposed';

comment on index tracker.requests_pkey is 'One request by its identifier.';
comment on index tracker.requests_open_bounty_idx is 'Open requests, the best paid first.';
comment on index tracker.requests_open_votes_idx is 'Open requests, the most wanted first.';
comment on index tracker.requests_category_idx is 'The requests of a category, newest first; serves the foreign key.';
comment on index tracker.requests_requester_idx is 'The requests of a person, newest first; serves the foreign key.';
comment on index tracker.requests_filled_by_idx is 'What somebody filled; serves the foreign key.';
comment on index tracker.requests_torrent_idx is 'The requests that a torrent fills; serves the foreign key.';
comment on index tracker.requests_expiry_idx is 'Requests that have lapsed.';
comment on index tracker.requests_confirmation_idx is 'Fills that wait for an answer, oldest first.';

comment on constraint requests_category_id_fkey on tracker.requests is E'@foreignFieldName requests\nA category that holds requests stays.';
comment on constraint requests_filled_by_fkey on tracker.requests is E'@isIndexed\n@fieldName filledBy\n@foreignFieldName filledRequests\nAn account that is gone leaves what it filled.';
comment on constraint requests_filled_torrent_id_fkey on tracker.requests is E'@isIndexed\n@foreignFieldName filledRequests\nA torrent that is purged leaves what it filled.';

alter table tracker.requests enable row level security;

create table tracker.request_bounties (
  id uuid not null default core.uuidv7(),
  request_id uuid not null,
  user_id uuid not null,
  amount numeric(18, 4) not null,
  is_initial boolean not null default false,
  debit_transaction_id uuid not null,
  refund_transaction_id uuid,
  inserted_at timestamptz not null default now(),
  constraint request_bounties_pkey primary key (id),
  constraint request_bounties_request_id_fkey foreign key (request_id) references tracker.requests (id) on delete restrict,
  constraint request_bounties_user_id_fkey foreign key (user_id) references core.users (id) on delete restrict,
  constraint request_bounties_amount_check check (amount > 0)
);

comment on table tracker.request_bounties is
  E'@name request_bounty\nPoints that somebody gave for a request, held until it is filled or given back.';
comment on column tracker.request_bounties.id is 'Time-ordered identifier.';
comment on column tracker.request_bounties.request_id is 'The request.';
comment on column tracker.request_bounties.user_id is 'Who gave.';
comment on column tracker.request_bounties.amount is 'How many points.';
comment on column tracker.request_bounties.is_initial is 'Whether the request was opened with it.';
comment on column tracker.request_bounties.debit_transaction_id is E'@behavior -*\nThe movement that took the points.';
comment on column tracker.request_bounties.refund_transaction_id is E'@behavior -*\nThe movement that gave them back.';
comment on column tracker.request_bounties.inserted_at is 'When.';
comment on constraint request_bounties_amount_check on tracker.request_bounties is 'A contribution is above zero.';

create unique index request_bounties_initial_key on tracker.request_bounties (request_id)
  where is_initial;
create index request_bounties_request_idx on tracker.request_bounties (request_id, id);
create index request_bounties_debit_idx on tracker.request_bounties (user_id, debit_transaction_id);
create index request_bounties_refund_idx on tracker.request_bounties (user_id, refund_transaction_id)
  where refund_transaction_id is not null;

comment on index tracker.request_bounties_pkey is 'One contribution by its identifier.';
comment on index tracker.request_bounties_initial_key is 'A request is opened with one contribution.';
comment on index tracker.request_bounties_request_idx is 'The contributions to a request; serves the foreign key.';
comment on index tracker.request_bounties_debit_idx is 'The contributions of a person; serves the foreign keys to people and to the ledger.';
comment on index tracker.request_bounties_refund_idx is 'Serves the foreign key to the ledger.';

comment on constraint request_bounties_request_id_fkey on tracker.request_bounties is E'@foreignFieldName bounties\nA request with a bounty stays.';

alter table tracker.request_bounties enable row level security;

create table tracker.request_votes (
  request_id uuid not null,
  user_id uuid not null,
  inserted_at timestamptz not null default now(),
  constraint request_votes_pkey primary key (request_id, user_id),
  constraint request_votes_request_id_fkey foreign key (request_id) references tracker.requests (id) on delete cascade,
  constraint request_votes_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade
);

comment on table tracker.request_votes is
  E'@name request_vote\nSomebody wants this too.';
comment on column tracker.request_votes.request_id is 'The request.';
comment on column tracker.request_votes.user_id is 'Who wants it.';
comment on column tracker.request_votes.inserted_at is 'Since when.';

create index request_votes_user_idx on tracker.request_votes (user_id);

comment on index tracker.request_votes_pkey is 'The votes for a request; one vote per person.';
comment on index tracker.request_votes_user_idx is 'The votes of a person; serves the foreign key.';

comment on constraint request_votes_request_id_fkey on tracker.request_votes is E'@foreignFieldName votes\nGoes with its request.';

alter table tracker.request_votes enable row level security;

create table tracker.collections (
  id uuid not null default core.uuidv7(),
  owner_id uuid,
  name varchar(200) not null,
  description text not null default '',
  kind text not null default 'playlist',
  is_public boolean not null default true,
  is_locked boolean not null default false,
  item_count integer not null default 0,
  subscriber_count integer not null default 0,
  comment_count integer not null default 0,
  deleted_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint collections_pkey primary key (id),
  constraint collections_owner_id_fkey foreign key (owner_id) references core.users (id) on delete set null,
  constraint collections_name_check check (char_length(btrim(name)) > 0),
  constraint collections_description_check check (char_length(description) <= 20000),
  constraint collections_kind_check check (kind in ('playlist', 'collage')),
  constraint collections_counts_check check (item_count >= 0 and subscriber_count >= 0 and comment_count >= 0)
);

comment on table tracker.collections is
  E'@name collection\nTorrents that somebody put together: a playlist, which its owner fills, or a collage, which every member fills.';
comment on column tracker.collections.id is 'Time-ordered identifier.';
comment on column tracker.collections.owner_id is 'Who keeps it.';
comment on column tracker.collections.name is 'The name people see.';
comment on column tracker.collections.description is 'What it is about.';
comment on column tracker.collections.kind is 'playlist (its owner fills it) or collage (the community does).';
comment on column tracker.collections.is_public is 'Whether members see it.';
comment on column tracker.collections.is_locked is 'Whether what is in it stays as it is.';
comment on column tracker.collections.item_count is 'How many torrents are in it. Kept by a trigger on items.';
comment on column tracker.collections.subscriber_count is 'How many follow it. Kept by a trigger on subscriptions.';
comment on column tracker.collections.comment_count is 'Live comments. Kept by triggers on comments.';
comment on column tracker.collections.deleted_at is 'When it was deleted; purged 30 days later.';
comment on column tracker.collections.inserted_at is 'When the row was made.';
comment on column tracker.collections.updated_at is 'When the row last changed (kept by a trigger).';
comment on constraint collections_name_check on tracker.collections is 'A name has characters.';
comment on constraint collections_description_check on tracker.collections is 'A description has an end.';
comment on constraint collections_kind_check on tracker.collections is 'The kinds that exist.';
comment on constraint collections_counts_check on tracker.collections is 'A count is never negative.';

create index collections_owner_idx on tracker.collections (owner_id, id);
create index collections_popular_idx on tracker.collections (subscriber_count desc, id)
  where is_public and deleted_at is null;
create index collections_purge_idx on tracker.collections (deleted_at)
  where deleted_at is not null;

comment on index tracker.collections_pkey is 'One collection by its identifier.';
comment on index tracker.collections_owner_idx is 'The collections of a person; serves the foreign key.';
comment on index tracker.collections_popular_idx is E'@order POPULAR\nThe directory: the most followed first.';
comment on index tracker.collections_purge_idx is 'Deleted collections that are due for purging.';

alter table tracker.collections enable row level security;

create table tracker.collection_items (
  collection_id uuid not null,
  torrent_id uuid not null,
  position integer not null default 0,
  added_by uuid,
  note varchar(500),
  inserted_at timestamptz not null default now(),
  constraint collection_items_pkey primary key (collection_id, torrent_id),
  constraint collection_items_collection_id_fkey foreign key (collection_id) references tracker.collections (id) on delete cascade,
  constraint collection_items_torrent_id_fkey foreign key (torrent_id) references tracker.torrents (id) on delete cascade,
  constraint collection_items_added_by_fkey foreign key (added_by) references core.users (id) on delete set null
);

comment on table tracker.collection_items is
  E'@name collection_item\nA torrent in a collection.';
comment on column tracker.collection_items.collection_id is 'The collection.';
comment on column tracker.collection_items.torrent_id is 'The torrent.';
comment on column tracker.collection_items.position is 'Its place; equal places follow the identifier of the torrent.';
comment on column tracker.collection_items.added_by is E'@name added_by_id\nWho put it in.';
comment on column tracker.collection_items.note is 'A remark.';
comment on column tracker.collection_items.inserted_at is 'When.';

create index collection_items_order_idx on tracker.collection_items (collection_id, position, torrent_id);
create index collection_items_torrent_idx on tracker.collection_items (torrent_id);
create index collection_items_added_by_idx on tracker.collection_items (added_by)
  where added_by is not null;

comment on index tracker.collection_items_pkey is 'No torrent twice in a collection; serves the foreign key.';
comment on index tracker.collection_items_order_idx is 'What is in a collection, in order.';
comment on index tracker.collection_items_torrent_idx is 'The collections that a torrent is in; serves the foreign key.';
comment on index tracker.collection_items_added_by_idx is 'Serves the foreign key.';

comment on constraint collection_items_collection_id_fkey on tracker.collection_items is E'@foreignFieldName items\nGoes with its collection.';

alter table tracker.collection_items enable row level security;

create table tracker.collection_subscriptions (
  user_id uuid not null,
  collection_id uuid not null,
  last_seen_at timestamptz not null default now(),
  inserted_at timestamptz not null default now(),
  constraint collection_subscriptions_pkey primary key (user_id, collection_id),
  constraint collection_subscriptions_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint collection_subscriptions_collection_id_fkey foreign key (collection_id) references tracker.collections (id) on delete cascade
);

comment on table tracker.collection_subscriptions is
  E'@name collection_subscription\nSomebody follows a collection.';
comment on column tracker.collection_subscriptions.user_id is 'Who follows.';
comment on column tracker.collection_subscriptions.collection_id is 'What.';
comment on column tracker.collection_subscriptions.last_seen_at is 'When they last looked: what was added later is new to them.';
comment on column tracker.collection_subscriptions.inserted_at is 'Since when.';

create index collection_subscriptions_collection_idx on tracker.collection_subscriptions (collection_id);

comment on index tracker.collection_subscriptions_pkey is 'What a person follows; serves the foreign key.';
comment on index tracker.collection_subscriptions_collection_idx is 'Who follows a collection; serves the foreign key.';

comment on constraint collection_subscriptions_collection_id_fkey on tracker.collection_subscriptions is E'@foreignFieldName subscriptions\nGoes with its collection.';

alter table tracker.collection_subscriptions enable row level security;

create table tracker.comments (
  id uuid not null default core.uuidv7(),
  torrent_id uuid,
  request_id uuid,
  collection_id uuid,
  author_id uuid,
  content text not null,
  edited_at timestamptz,
  deleted_at timestamptz,
  deleted_by uuid,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint comments_pkey primary key (id),
  constraint comments_torrent_id_fkey foreign key (torrent_id) references tracker.torrents (id) on delete cascade,
  constraint comments_request_id_fkey foreign key (request_id) references tracker.requests (id) on delete cascade,
  constraint comments_collection_id_fkey foreign key (collection_id) references tracker.collections (id) on delete cascade,
  constraint comments_author_id_fkey foreign key (author_id) references core.users (id) on delete set null,
  constraint comments_deleted_by_fkey foreign key (deleted_by) references core.users (id) on delete set null,
  constraint comments_arc_check check (num_nonnulls(torrent_id, request_id, collection_id) = 1),
  constraint comments_length_check check (char_length(btrim(content)) between 1 and 10000)
);

comment on table tracker.comments is
  E'@name torrent_comment\nA comment on a torrent, a request or a collection.';
comment on column tracker.comments.id is 'Time-ordered identifier.';
comment on column tracker.comments.torrent_id is 'The torrent, or';
comment on column tracker.comments.request_id is 'the request, or';
comment on column tracker.comments.collection_id is 'the collection that it is about.';
comment on column tracker.comments.author_id is 'Who wrote it.';
comment on column tracker.comments.content is 'The text.';
comment on column tracker.comments.edited_at is 'When it was last edited.';
comment on column tracker.comments.deleted_at is 'When it was deleted; purged 30 days later.';
comment on column tracker.comments.deleted_by is E'@name deleted_by_id\nWho deleted it.';
comment on column tracker.comments.inserted_at is 'When the row was made.';
comment on column tracker.comments.updated_at is 'When the row last changed (kept by a trigger).';
comment on constraint comments_arc_check on tracker.comments is 'A comment is about one thing.';
comment on constraint comments_length_check on tracker.comments is 'A text has characters, and an end.';

create index comments_torrent_idx on tracker.comments (torrent_id, id)
  where torrent_id is not null;
create index comments_request_idx on tracker.comments (request_id, id)
  where request_id is not null;
create index comments_collection_idx on tracker.comments (collection_id, id)
  where collection_id is not null;
create index comments_author_idx on tracker.comments (author_id, id);
create index comments_deleted_by_idx on tracker.comments (deleted_by)
  where deleted_by is not null;
create index comments_purge_idx on tracker.comments (deleted_at)
  where deleted_at is not null;

comment on index tracker.comments_pkey is 'One comment by its identifier.';
comment on index tracker.comments_torrent_idx is 'The comments on a torrent, in order of time; serves the foreign key.';
comment on index tracker.comments_request_idx is 'The comments on a request, in order of time; serves the foreign key.';
comment on index tracker.comments_collection_idx is 'The comments on a collection, in order of time; serves the foreign key.';
comment on index tracker.comments_author_idx is 'The comments of a person; serves the foreign key.';
comment on index tracker.comments_deleted_by_idx is 'Serves the foreign key.';
comment on index tracker.comments_purge_idx is 'Deleted comments that are due for purging.';

comment on constraint comments_torrent_id_fkey on tracker.comments is E'@isIndexed\n@foreignFieldName comments\nGoes with its torrent.';
comment on constraint comments_request_id_fkey on tracker.comments is E'@isIndexed\n@foreignFieldName comments\nGoes with its request.';
comment on constraint comments_collection_id_fkey on tracker.comments is E'@isIndexed\n@foreignFieldName comments\nGoes with its collection.';

alter table tracker.comments enable row level security;

insert into ops.backup_tiers (table_name, tier) values
  ('tracker.categories', 'A'),
  ('tracker.torrents', 'A'),
  ('tracker.torrent_files', 'A'),
  ('tracker.tags', 'B'),
  ('tracker.torrent_tag_assignments', 'B'),
  ('tracker.torrent_tag_votes', 'B'),
  ('tracker.torrent_moderation', 'B'),
  ('tracker.torrent_metadata', 'B'),
  ('tracker.torrent_statistics', 'B'),
  ('tracker.requests', 'A'),
  ('tracker.request_bounties', 'A'),
  ('tracker.request_votes', 'B'),
  ('tracker.collections', 'B'),
  ('tracker.collection_items', 'B'),
  ('tracker.collection_subscriptions', 'B'),
  ('tracker.comments', 'B');

insert into ops.personal_data_rules (table_name, column_name, action, reason) values
  ('tracker.torrents', 'uploader_id', 'scrub', 'The community shares the torrent: it stays without its uploader.'),
  ('tracker.torrents', 'public_uploader_id', 'keep', 'Computed from uploader_id, and empty with it.'),
  ('tracker.torrent_tag_assignments', 'assigned_by', 'scrub', 'The tag stays without who put it there.'),
  ('tracker.torrent_tag_votes', 'user_id', 'keep', 'An impersonal fact that a score rests on; points at the tombstone.'),
  ('tracker.torrent_moderation', 'moderator_id', 'keep', 'Who decided: points at the tombstone.'),
  ('tracker.requests', 'requester_id', 'keep', 'The points of others are tied to the request; points at the tombstone.'),
  ('tracker.requests', 'description', 'scrub', 'Written by the person; the title alone says what is wanted.'),
  ('tracker.requests', 'filled_by', 'keep', 'Whom the ledger paid; points at the tombstone.'),
  ('tracker.request_bounties', 'user_id', 'keep', 'An account of the ledger; points at the tombstone.'),
  ('tracker.request_votes', 'user_id', 'keep', 'An impersonal fact that a count rests on; points at the tombstone.'),
  ('tracker.collections', 'owner_id', 'scrub', 'What is public others follow and fill: it stays without its owner; what was private goes with the next purge.'),
  ('tracker.collection_items', 'added_by', 'scrub', 'What others keep stays, without who added it.'),
  ('tracker.collection_subscriptions', 'user_id', 'delete', 'What a person follows tells about them.'),
  ('tracker.comments', 'author_id', 'delete', 'Written by the person; nothing hangs on a comment.'),
  ('tracker.comments', 'deleted_by', 'keep', 'Who moderated: points at the tombstone.');

insert into ops.retention_policies (name, target, predicate) values
  ('tracker_comments', 'tracker.comments', 'deleted_at < :now - interval ''30 days'''),
  ('tracker_collections', 'tracker.collections', 'deleted_at < :now - interval ''30 days'''),
  ('tracker_ownerless_collections', 'tracker.collections', 'owner_id is null and not is_public'),
  ('tracker_torrents', 'tracker.torrents', 'deleted_at < :now - interval ''30 days''');

insert into core.settings (key, value, type, description, is_public) values
  ('tracker.public_catalogue', 'true', 'boolean', 'Whether visitors see the catalogue: names, sizes, tags and figures of listed torrents, never files, peers or passkeys.', true),
  ('tracker.upload_barred_classes', '["restricted"]', 'json', 'Account classes, by machine name, that may not upload.', true),
  ('tracker.trusted_classes', '["trusted_uploader","internal"]', 'json', 'Account classes, by machine name, whose uploads are listed at once.', true),
  ('tracker.requeue_edits', 'false', 'boolean', 'Whether an approved torrent waits for approval again when its uploader edits it.', true),
  ('tracker.max_files', '20000', 'integer', 'How many files a torrent may have.', true),
  ('tracker.tags_per_torrent', '20', 'integer', 'How many tags a torrent may wear.', true),
  ('tracker.tag_removal_score', '-5', 'integer', 'At which score a tag falls off a torrent.', true),
  ('tracker.minimum_bounty', '100', 'integer', 'Points with which a request is opened, at least.', true),
  ('tracker.minimum_contribution', '10', 'integer', 'Points that a contribution adds to a request, at least.', true),
  ('tracker.confirm_hours', '72', 'integer', 'Hours after which a proposed fill that nobody answered counts as accepted.', true),
  ('tracker.items_per_collection', '2000', 'integer', 'How many torrents a collection may hold.', true),
  ('tracker.minimum_ratio', '0.4', 'decimal', 'Ratio below which a member is handed only what is free.', true),
  ('tracker.ratio_grace_bytes', '10737418240', 'integer', 'Bytes that a member may download before the ratio counts.', true);

-- The metainfo file is an upload like any other. Whoever narrowed the list keeps their list, with this one type more.
update core.settings
set value = (value::jsonb || '["application/x-bittorrent"]'::jsonb)::text
where key = 'media.allowed_types'
  and not value::jsonb ? 'application/x-bittorrent';

insert into core.search_sources (entity_type, table_name, condition) values
  ('torrent', 'tracker.torrents', 'moderation_status = ''approved'' and is_active and deleted_at is null');

-- The offender of a report is told to nobody but staff and the reporter: so for an uploader who asked not to be named
-- there is none.
insert into core.report_subjects (type, label, table_name, author_column, condition, evidence_columns, removal) values
  (
    'torrent',
    'torrent',
    'tracker.torrents',
    'public_uploader_id',
    'target.moderation_status = ''approved'' and target.is_active and target.deleted_at is null',
    '{name,description,category_id,size_bytes,metadata,inserted_at}',
    'tracker.delete_torrent($2, $3)'
  ),
  (
    'torrent_request',
    'request',
    'tracker.requests',
    'requester_id',
    'true',
    '{title,description,status,inserted_at}',
    'tracker.cancel_request($2, $3)'
  ),
  (
    'torrent_collection',
    'collection',
    'tracker.collections',
    'owner_id',
    'target.deleted_at is null and (target.is_public or target.owner_id = core.current_user_id())',
    '{name,description,kind,inserted_at}',
    'tracker.delete_collection($2, $3)'
  ),
  (
    'torrent_comment',
    'comment',
    'tracker.comments',
    'author_id',
    'target.deleted_at is null and (target.request_id is not null or exists (select from tracker.torrents as torrent where torrent.id = target.torrent_id and torrent.moderation_status = ''approved'' and torrent.is_active and torrent.deleted_at is null) or exists (select from tracker.collections as collection where collection.id = target.collection_id and collection.deleted_at is null and (collection.is_public or collection.owner_id = core.current_user_id())))',
    '{torrent_id,request_id,collection_id,content,inserted_at,edited_at}',
    'tracker.delete_comment($2, $3)'
  );

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('torrent_category.unknown', 'ST404', 'There is no such category.', 'Choose one of the list of categories.'),
  ('torrent_category.closed', 'ST422', 'This category takes nothing new.', 'Choose one that is in use; torrents go into one without others under it.'),
  ('torrent_category.slug_taken', 'ST409', 'This address is taken.', 'Choose another address.'),
  ('torrent_category.too_deep', 'ST422', 'Categories nest four levels deep, and never in a circle.', 'Choose another parent.'),
  ('torrent.unknown', 'ST404', 'There is no such torrent, or you may not see it.', 'Check the identifier; what waits for approval is seen by its uploader and by staff.'),
  ('torrent.not_allowed', 'ST403', 'Only its uploader or a moderator may do this, and an approved torrent is deleted by moderators alone.', 'Ask a moderator.'),
  ('torrent.own', 'ST403', 'Nobody decides about their own upload.', 'Leave it to another moderator.'),
  ('torrent.not_waiting', 'ST409', 'This torrent does not wait for that decision.', 'Read its state again.'),
  ('torrent.deleted', 'ST410', 'The torrent is deleted.', 'A moderator can restore it for 30 days.'),
  ('torrent.not_deleted', 'ST409', 'The torrent is not deleted.', 'There is nothing to restore.'),
  ('torrent.class_may_not_upload', 'ST403', 'Your account class may not upload.', 'The setting tracker.upload_barred_classes lists such classes.'),
  ('torrent.metainfo_invalid', 'ST422', 'This is not the metainfo of a torrent.', 'Send info_hash in hex, piece_length, and files with path and size_bytes; no path may be empty, absolute or lead out of the torrent.'),
  ('torrent.duplicate', 'ST409', 'This torrent is here already.', 'Join the one that is there; if you do not see it, it waits for approval, was rejected or deleted: ask a moderator.'),
  ('torrent.upload_unusable', 'ST422', 'The metainfo file is not there, not yours, or not ready.', 'Upload it as application/x-bittorrent, complete the upload, then offer the torrent.'),
  ('torrent.freeleech_invalid', 'ST422', 'The end of free downloads must lie in the future, and belongs to a torrent that is free.', 'Leave the end out, or send a later one.'),
  ('torrent.ratio_too_low', 'ST403', 'Your ratio is too low for this download.', 'Seed what you have, or take what is free; the settings name the lowest ratio.'),
  ('torrent.slots_used', 'ST403', 'You download as many torrents at once as your account class may.', 'Wait until one of them has completed.'),
  ('torrent.sort_unknown', 'ST422', 'The catalogue cannot be sorted that way.', 'Send newest, oldest, seeders or completed.'),
  ('torrent.cursor_malformed', 'ST422', 'The place to continue after is not of the form that the list expects.', 'Send what the description of the argument says, taken from the last row of the page before.'),
  ('torrent.query_too_short', 'ST422', 'A search for file names needs three characters.', 'Send a longer text.'),
  ('tag.malformed', 'ST422', 'A tag is of lower-case letters, digits, dots and hyphens, and starts with a letter or digit.', 'Choose another tag, for example "science-fiction".'),
  ('tag.too_many', 'ST422', 'These are too many tags.', 'Leave some out; the setting tracker.tags_per_torrent names the limit of a torrent, and a list is narrowed by ten at most.'),
  ('tag.unknown', 'ST404', 'There is no such tag, or not on this torrent.', 'Check the identifiers.'),
  ('tag.taken', 'ST409', 'Another tag has this name.', 'Merge the two.'),
  ('tag.not_allowed', 'ST403', 'Only the uploader, a moderator, or who put the tag there may take it off.', 'Vote against it: at a low score it falls off.'),
  ('tag.vote_invalid', 'ST422', 'A vote is 1, -1, or 0 to withdraw it.', 'Send one of these.'),
  ('request.unknown', 'ST404', 'There is no such request.', 'Check the identifier.'),
  ('request.sort_unknown', 'ST422', 'Requests cannot be sorted that way.', 'Send bounty, votes or newest.'),
  ('request.amount_invalid', 'ST422', 'These points are too few, too many, or have more than four decimals.', 'The settings tracker.minimum_bounty and tracker.minimum_contribution name the least.'),
  ('request.expiry_invalid', 'ST422', 'A request lapses between an hour and a year from now, or never.', 'Send another end, or none.'),
  ('request.closed', 'ST423', 'The request is filled, cancelled or lapsed.', 'Open a new one.'),
  ('request.fill_proposed', 'ST423', 'A fill of this request waits for an answer.', 'Wait until it is confirmed or rejected.'),
  ('request.nothing_proposed', 'ST409', 'No fill waits for an answer.', 'Read the request again.'),
  ('request.category_mismatch', 'ST422', 'The torrent does not stand in the category of the request.', 'Propose one that does.'),
  ('request.not_requester', 'ST403', 'Only who asked, or a moderator, may do this.', 'Ask them, or a moderator.'),
  ('request.own_fill', 'ST403', 'Nobody accepts a fill of their own.', 'Ask a moderator.'),
  ('request.torrent_gone', 'ST409', 'The proposed torrent is not listed any more.', 'Reject the fill.'),
  ('collection.unknown', 'ST404', 'There is no such collection, or you may not see it.', 'Check the identifier.'),
  ('collection.kind_invalid', 'ST422', 'A collection is a playlist or a collage, and a collage is public.', 'Send one of these.'),
  ('collection.not_owner', 'ST403', 'Only its owner or a moderator may do this.', 'Ask the owner; to a collage everybody adds, and takes out what is theirs.'),
  ('collection.locked', 'ST423', 'The collection is locked.', 'Its owner or a moderator can unlock it.'),
  ('collection.full', 'ST422', 'The collection holds as many torrents as it may.', 'Begin another one.'),
  ('collection.duplicate', 'ST409', 'The torrent is in the collection already.', 'There is nothing to do.'),
  ('collection.order_invalid', 'ST422', 'This is not an order of what the collection holds.', 'Send each torrent that is in it, once.'),
  ('torrent_comment.subject_unknown', 'ST422', 'This cannot be commented on.', 'Send torrent, request or collection.'),
  ('torrent_comment.unknown', 'ST404', 'There is no such comment, or it is deleted.', 'Check the identifier.'),
  ('torrent_comment.not_author', 'ST403', 'Only its author may edit this, and only they or a moderator delete it.', 'Ask a moderator.');

-- Down Migration

delete from core.error_codes
where reason in (
  'torrent_category.unknown', 'torrent_category.closed', 'torrent_category.slug_taken',
  'torrent_category.too_deep', 'torrent.unknown', 'torrent.not_allowed', 'torrent.own', 'torrent.not_waiting',
  'torrent.deleted', 'torrent.not_deleted', 'torrent.class_may_not_upload', 'torrent.metainfo_invalid',
  'torrent.duplicate', 'torrent.upload_unusable', 'torrent.freeleech_invalid', 'torrent.ratio_too_low',
  'torrent.slots_used', 'torrent.sort_unknown', 'torrent.cursor_malformed', 'torrent.query_too_short',
  'tag.malformed', 'tag.too_many', 'tag.unknown', 'tag.taken', 'tag.not_allowed', 'tag.vote_invalid',
  'request.unknown', 'request.sort_unknown', 'request.amount_invalid', 'request.expiry_invalid',
  'request.closed', 'request.fill_proposed', 'request.nothing_proposed', 'request.category_mismatch',
  'request.not_requester', 'request.own_fill', 'request.torrent_gone', 'collection.unknown',
  'collection.kind_invalid', 'collection.not_owner', 'collection.locked', 'collection.full',
  'collection.duplicate', 'collection.order_invalid', 'torrent_comment.subject_unknown',
  'torrent_comment.unknown', 'torrent_comment.not_author'
);
delete from core.report_subjects where table_name like 'tracker.%';
delete from core.search_sources where table_name like 'tracker.%';
update core.settings
set value = (value::jsonb - 'application/x-bittorrent')::text
where key = 'media.allowed_types';
delete from core.settings where key like 'tracker.%';
delete from ops.retention_policies where target like 'tracker.%';
delete from ops.personal_data_rules where table_name like 'tracker.%';
delete from ops.backup_tiers where table_name like 'tracker.%';

drop table tracker.comments;
drop table tracker.collection_subscriptions;
drop table tracker.collection_items;
drop table tracker.collections;
drop table tracker.request_votes;
drop table tracker.request_bounties;
drop table tracker.requests;
drop table tracker.torrent_statistics;
drop table tracker.torrent_metadata;
drop table tracker.torrent_moderation;
drop table tracker.torrent_tag_votes;
drop table tracker.torrent_tag_assignments;
drop table tracker.tags;
drop table tracker.torrent_files;
drop table tracker.torrents;
drop table tracker.categories;
drop schema tracker;
