-- Why: files that people upload: what they are and where their bytes lie. Attachment tables of other modules
-- point here. Locks: none on anything that holds data. Back: drops the schema; the bytes stay in storage.

-- Up Migration

create schema media;
comment on schema media is 'Files: their description only. The bytes live in object storage under storage_path.';

grant usage on schema media to stoa_anonymous, stoa_worker;

create table media.uploads (
  id uuid not null default core.uuidv7(),
  user_id uuid,
  filename varchar(255) not null,
  content_type varchar(100) not null,
  size_bytes bigint not null,
  storage_path text not null,
  width integer,
  height integer,
  sha256 bytea,
  status text not null default 'pending',
  attached_at timestamptz,
  deleted_at timestamptz,
  inserted_at timestamptz not null default now(),
  constraint uploads_pkey primary key (id),
  constraint uploads_user_id_fkey foreign key (user_id) references core.users (id) on delete set null,
  constraint uploads_storage_path_key unique (storage_path),
  constraint uploads_size_check check (size_bytes >= 0),
  constraint uploads_dim_check check ((width is null) = (height is null) and (width is null or (width > 0 and height > 0))),
  constraint uploads_status_check check (status in ('pending','ready','quarantined')),
  constraint uploads_sha_check check (sha256 is null or octet_length(sha256) = 32)
);

create index uploads_user_id_idx on media.uploads (user_id, id);
create index uploads_sha256_idx on media.uploads (sha256)
  where sha256 is not null;
create index uploads_orphan_idx on media.uploads (inserted_at)
  where attached_at is null;
create index uploads_purge_idx on media.uploads (deleted_at)
  where deleted_at is not null;

comment on table media.uploads is
  E'@name upload\nOne stored object, owned by its uploader, referenced by attachment rows of other modules.';
comment on column media.uploads.id is 'Time-ordered key.';
comment on column media.uploads.user_id is 'Uploader; null after erasure.';
comment on column media.uploads.filename is 'Original name, sanitised.';
comment on column media.uploads.content_type is 'Sniffed MIME type.';
comment on column media.uploads.size_bytes is 'Size (an integer would stop at 2 GiB).';
comment on column media.uploads.storage_path is 'Object key (urls are derived and signed, never stored).';
comment on column media.uploads.width is 'Pixels.';
comment on column media.uploads.height is 'Pixels.';
comment on column media.uploads.sha256 is 'Content digest (de-duplication, block-list).';
comment on column media.uploads.status is 'Pending until the object is confirmed, then ready; quarantined by scanner.';
comment on column media.uploads.attached_at is 'First time a row referenced it; null = orphan candidate.';
comment on column media.uploads.deleted_at is 'Soft delete.';
comment on column media.uploads.inserted_at is 'When the row was made.';
comment on index media.uploads_pkey is 'One row by its key.';
comment on index media.uploads_storage_path_key is 'One row per object.';
comment on constraint uploads_size_check on media.uploads is 'Impossible values are refused.';
comment on constraint uploads_dim_check on media.uploads is 'Both or neither.';
comment on constraint uploads_status_check on media.uploads is 'The values that exist.';
comment on constraint uploads_sha_check on media.uploads is 'Digest size.';
comment on index media.uploads_user_id_idx is '"my files"; serves the foreign key.';
comment on index media.uploads_sha256_idx is 'Duplicate / block-list search.';
comment on index media.uploads_orphan_idx is 'Orphan sweep.';
comment on index media.uploads_purge_idx is '30-day object purge.';

alter table media.uploads enable row level security;

insert into core.settings (key, value, type, is_public, description) values
  ('media.max_bytes', '[10485760, 52428800, 104857600]', 'json', true, 'Largest upload in bytes by premium tier: the first figure is for tier 0, the last also for every tier above.'),
  ('media.allowed_types', '["image/avif", "image/gif", "image/jpeg", "image/png", "image/webp", "video/mp4", "video/webm", "audio/mpeg", "audio/ogg", "application/pdf", "text/plain"]', 'json', true, 'Content types that may be uploaded.'),
  ('media.max_pending', '20', 'integer', true, 'Uploads that one person may have begun and not finished.');

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('upload.unknown', 'ST404', 'There is no such upload.', 'Check the id: only your own uploads can be changed.'),
  ('upload.too_large', 'ST422', 'This file is larger than your account may upload.', 'Look media.max_bytes up in the settings, and send a smaller file.'),
  ('upload.type_refused', 'ST422', 'Files of this type may not be uploaded.', 'Look media.allowed_types up in the settings.'),
  ('upload.not_pending', 'ST409', 'This upload is finished already.', 'Begin a new one.'),
  ('upload.mismatch', 'ST422', 'What arrived is not what was announced.', 'Begin a new upload with the true size.'),
  ('upload.too_many_pending', 'ST429', 'Too many uploads are begun and not finished.', 'Finish or delete some of them first.');

insert into ops.personal_data_rules (table_name, column_name, action, reason) values
  ('media.uploads', 'user_id', 'scrub', 'What is attached to other people''s content stays, without its uploader.'),
  ('media.uploads', 'filename', 'scrub', 'A file name may name a person.');

insert into ops.backup_tiers (table_name, tier) values
  ('media.uploads', 'B');

-- Down Migration

delete from ops.backup_tiers where table_name like 'media.%';
delete from ops.personal_data_rules where table_name like 'media.%';
delete from core.error_codes where reason like 'upload.%';
delete from core.settings where key like 'media.%';
drop table media.uploads;
drop schema media;
