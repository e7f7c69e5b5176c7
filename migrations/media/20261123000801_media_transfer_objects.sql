-- Why: the process that reads the bytes of an upload says what they are; files that nothing points at any more go.
-- New: media.confirm_upload, media.refuse_transfer, media.release_uploads, media.transfer_of,
--   media.transfer_seconds, media.unreferenced_uploads.
-- Changed: media.expired_uploads, media policies uploads.
-- Removed: media.complete_upload.
-- Locks: ACCESS EXCLUSIVE, for an instant, on media.uploads (policies).
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object removed: media/functions/complete_upload.sql
-- stoa:allow drop-object: clients keep completeUpload, which the server answers by media.confirm_upload
drop function media.complete_upload(uuid, bigint, text, integer, integer);

-- Object: media/functions/confirm_upload.sql
create or replace function media.confirm_upload(
  p_id uuid,
  p_user_id uuid,
  p_content_type text,
  p_size_bytes bigint,
  p_sha256 bytea,
  p_width integer default null,
  p_height integer default null
)
returns text
language plpgsql
volatile
-- The process that has read the bytes says what they are; members may not write the table.
security definer
set search_path = ''
as $$
declare
  outcome text;
begin
  perform from media.uploads
  where id = p_id
    and user_id = p_user_id
    and deleted_at is null
    and status = 'pending'
    and content_type = p_content_type
    and size_bytes = p_size_bytes
  for no key update;

  if not found or p_sha256 is null then
    perform media.refuse_transfer(p_id, p_user_id, p_content_type, p_size_bytes, p_sha256 is not null);
  end if;

  update media.uploads
  set sha256 = p_sha256,
      width = p_width,
      height = p_height,
      -- Bytes that were quarantined once stay so under every name.
      status = case
        when exists (select from media.uploads as known where known.sha256 = p_sha256 and known.status = 'quarantined')
          then 'quarantined'
        else 'ready'
      end
  where id = p_id
  returning status into outcome;

  return outcome;
end
$$;

comment on function media.confirm_upload(uuid, uuid, text, bigint, bytea, integer, integer) is
  'The API, once it has read the bytes of a person''s upload: their type by content, size, SHA-256, and pixels of a picture. Answers ready, or quarantined when the same bytes were before. Without a digest, nothing has arrived. Refuses upload.unknown, upload.not_pending, upload.not_sent, upload.mismatch.';

revoke all on function media.confirm_upload(uuid, uuid, text, bigint, bytea, integer, integer) from public;
grant execute on function media.confirm_upload(uuid, uuid, text, bigint, bytea, integer, integer) to stoa_media;

-- Object: media/functions/expired_uploads.sql
create or replace function media.expired_uploads(p_now timestamptz default now(), p_limit integer default 1000)
returns table (id uuid, storage_path text)
language sql
stable
begin atomic
  (
    select upload.id, upload.storage_path
    from media.uploads as upload
    where upload.attached_at is null
      and upload.inserted_at < p_now - interval '24 hours'
      and upload.status <> 'quarantined'
      and upload.deleted_at is null
    order by upload.inserted_at
    limit p_limit
  )
  union all
  (
    select upload.id, upload.storage_path
    from media.uploads as upload
    where upload.deleted_at < p_now - interval '30 days'
      and upload.purged_at is null
    order by upload.deleted_at
    limit p_limit
  );
end;

comment on function media.expired_uploads(timestamptz, integer) is
  'Worker: uploads whose bytes and row may go: never attached for 24 hours, or deleted 30 days ago. Remove the bytes first, then delete the rows: so nothing is left in storage that no row knows. Two ranges of partial indexes.';

revoke all on function media.expired_uploads(timestamptz, integer) from public;
grant execute on function media.expired_uploads(timestamptz, integer) to stoa_worker;

-- Object: media/functions/refuse_transfer.sql
create or replace function media.refuse_transfer(p_id uuid, p_user_id uuid, p_content_type text, p_size_bytes bigint, p_has_arrived boolean)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  upload media.uploads;
begin
  select * into upload
  from media.uploads
  where id = p_id
    and user_id = p_user_id
    and deleted_at is null;

  if not found then
    perform core.fail('upload.unknown');
  end if;

  if upload.status <> 'pending' then
    perform core.fail('upload.not_pending');
  end if;

  if not p_has_arrived then
    perform core.fail('upload.not_sent');
  end if;

  if upload.content_type is distinct from p_content_type or upload.size_bytes is distinct from p_size_bytes then
    perform core.fail('upload.mismatch');
  end if;
end
$$;

comment on function media.refuse_transfer(uuid, uuid, text, bigint, boolean) is
  'Says why bytes of this type and size are not what the person''s upload waits for. Refuses upload.unknown, upload.not_pending, upload.not_sent, upload.mismatch.';

revoke all on function media.refuse_transfer(uuid, uuid, text, bigint, boolean) from public;

-- Object: media/functions/release_uploads.sql
create or replace function media.release_uploads(p_ids uuid[])
returns integer
language sql
volatile
-- The worker may change nothing but the status.
security definer
set search_path = ''
begin atomic
  with released as (
    update media.uploads
    set deleted_at = coalesce(deleted_at, now()),
        purged_at = null
    where id = any (p_ids)
      and (deleted_at is null or purged_at is not null)
    returning 1
  )
  select count(*)::integer from released;
end;

comment on function media.release_uploads(uuid[]) is
  'Worker: marks uploads that nothing points at any more as deleted; their bytes go 30 days later. Answers how many.';

revoke all on function media.release_uploads(uuid[]) from public;
grant execute on function media.release_uploads(uuid[]) to stoa_worker;

-- Object: media/functions/transfer_of.sql
create or replace function media.transfer_of(p_id uuid)
returns table (
  user_id uuid,
  filename text,
  content_type text,
  size_bytes bigint,
  storage_path text,
  status text,
  is_deleted boolean
)
language sql
stable
-- An address of a file was signed for somebody who could read the row that shows it, and carries no session.
security definer
set search_path = ''
begin atomic
  select
    upload.user_id,
    upload.filename,
    upload.content_type,
    upload.size_bytes,
    upload.storage_path,
    upload.status,
    upload.deleted_at is not null
  from media.uploads as upload
  where upload.id = p_id;
end;

comment on function media.transfer_of(uuid) is
  'The API, for an address that it has signed: where the bytes of an upload lie and whether they may still be sent or fetched. One row by its key, or none.';

revoke all on function media.transfer_of(uuid) from public;
grant execute on function media.transfer_of(uuid) to stoa_media;

-- Object: media/functions/transfer_seconds.sql
create or replace function media.transfer_seconds()
returns integer
language sql
stable
-- The login for bytes may read no settings.
security definer
set search_path = ''
begin atomic
  select core.setting_integer('media.transfer_seconds')::integer;
end;

comment on function media.transfer_seconds() is
  'The API: how long an address for sending or fetching a file is good for, in seconds (setting media.transfer_seconds).';

revoke all on function media.transfer_seconds() from public;
grant execute on function media.transfer_seconds() to stoa_media;

-- Object: media/functions/unreferenced_uploads.sql
create or replace function media.unreferenced_uploads(p_after uuid default null, p_limit integer default 1000)
returns table (id uuid, is_referenced boolean)
language plpgsql
stable
-- It looks into the tables of every module, of which the worker may not read all.
security definer
set search_path = ''
as $$
declare
  -- Every table that points at uploads, of whatever module: the foreign keys themselves are the list.
  referenced text := (
    select string_agg(
      format('exists (select from %s as r where r.%I = u.id)', c.conrelid::regclass, a.attname),
      ' or ' order by c.conrelid::regclass::text, a.attname
    )
    from pg_catalog.pg_constraint as c
    join pg_catalog.pg_attribute as a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
    where c.contype = 'f'
      and c.confrelid = 'media.uploads'::regclass
      and c.conparentid = 0
  );
begin
  return query execute format(
    'select u.id, %s from (
       select id from media.uploads
       where id > coalesce($1, %L::uuid) and attached_at < now() - interval ''1 day'' and (deleted_at is null or purged_at is not null)
       order by id limit $2
     ) as u order by u.id',
    coalesce(referenced, 'false'),
    '00000000-0000-0000-0000-000000000000'
  )
  using p_after, p_limit;
end
$$;

comment on function media.unreferenced_uploads(uuid, integer) is
  'Worker: the next p_limit uploads after p_after that were attached once, and whether any row still points at them. Whoever deletes a message in bulk, or drops its partition, tells nobody which files went with it. A range of the primary key, and a look-up by index for each table that points at uploads.';

revoke all on function media.unreferenced_uploads(uuid, integer) from public;
grant execute on function media.unreferenced_uploads(uuid, integer) to stoa_worker;

-- Object: media/policies/uploads.sql
revoke all on media.uploads from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on media.uploads to stoa_member;
grant select, update (status, purged_at), delete on media.uploads to stoa_worker;

drop policy if exists read_own on media.uploads;
create policy read_own on media.uploads
for select to stoa_member
using (user_id = (select core.current_user_id()));
comment on policy read_own on media.uploads is
  'One''s own files; what is attached to content shows in the attachment tables.';

drop policy if exists read_as_moderator on media.uploads;
create policy read_as_moderator on media.uploads
for select to stoa_moderator
using (true);
comment on policy read_as_moderator on media.uploads is
  'Moderators see every file.';

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

drop function media.unreferenced_uploads(uuid, integer);
drop function media.transfer_seconds();
drop function media.transfer_of(uuid);
drop function media.release_uploads(uuid[]);
drop function media.refuse_transfer(uuid, uuid, text, bigint, boolean);
drop function media.confirm_upload(uuid, uuid, text, bigint, bytea, integer, integer);

-- Object: media/functions/complete_upload.sql
create or replace function media.complete_upload(
  p_id uuid,
  p_size_bytes bigint,
  p_sha256 text default null,
  p_width integer default null,
  p_height integer default null
)
returns media.uploads
language plpgsql
volatile
-- Members may not write the table.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  digest bytea;
  upload media.uploads;
begin
  select * into upload from media.uploads where id = p_id and user_id = me and deleted_at is null for no key update;
  if not found then
    perform core.fail('upload.unknown');
  end if;

  if upload.status <> 'pending' then
    perform core.fail('upload.not_pending');
  end if;

  if p_size_bytes is distinct from upload.size_bytes then
    perform core.fail('upload.mismatch');
  end if;

  if p_sha256 !~* '^[0-9a-f]{64}$'
    or (p_width is null) <> (p_height is null)
    or p_width <= 0
    or p_height <= 0
  then
    perform core.fail('input.malformed');
  end if;
  digest := decode(p_sha256, 'hex');

  update media.uploads
  set sha256 = digest,
      width = p_width,
      height = p_height,
      -- Bytes that were quarantined once stay so under every name.
      status = case
        when exists (select from media.uploads as known where known.sha256 = digest and known.status = 'quarantined')
          then 'quarantined'
        else 'ready'
      end
  where id = p_id
  returning * into upload;

  return upload;
end
$$;

comment on function media.complete_upload(uuid, bigint, text, integer, integer) is
  'Ends an upload of the caller: its bytes are in storage. p_sha256 is the digest in hexadecimal; width and height come together. The upload is ready, or quarantined when the same bytes were before. Refuses upload.unknown, upload.not_pending, upload.mismatch (another size than announced), input.malformed.';

revoke all on function media.complete_upload(uuid, bigint, text, integer, integer) from public;
grant execute on function media.complete_upload(uuid, bigint, text, integer, integer) to stoa_member;

-- Object: media/functions/expired_uploads.sql
create or replace function media.expired_uploads(p_now timestamptz default now(), p_limit integer default 1000)
returns table (id uuid, storage_path text)
language sql
stable
begin atomic
  (
    select upload.id, upload.storage_path
    from media.uploads as upload
    where upload.attached_at is null
      and upload.inserted_at < p_now - interval '24 hours'
      and upload.status <> 'quarantined'
      and upload.deleted_at is null
    order by upload.inserted_at
    limit p_limit
  )
  union all
  (
    select upload.id, upload.storage_path
    from media.uploads as upload
    where upload.deleted_at < p_now - interval '30 days'
    order by upload.deleted_at
    limit p_limit
  );
end;

comment on function media.expired_uploads(timestamptz, integer) is
  'Worker: uploads whose bytes and row may go: never attached for 24 hours, or deleted 30 days ago. Remove the bytes first, then delete the rows: so nothing is left in storage that no row knows. Two ranges of partial indexes.';

revoke all on function media.expired_uploads(timestamptz, integer) from public;
grant execute on function media.expired_uploads(timestamptz, integer) to stoa_worker;

-- Object: media/policies/uploads.sql
revoke all on media.uploads from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on media.uploads to stoa_member;
grant select, update (status), delete on media.uploads to stoa_worker;

drop policy if exists read_own on media.uploads;
create policy read_own on media.uploads
for select to stoa_member
using (user_id = (select core.current_user_id()));
comment on policy read_own on media.uploads is
  'One''s own files; what is attached to content shows in the attachment tables.';

drop policy if exists read_as_moderator on media.uploads;
create policy read_as_moderator on media.uploads
for select to stoa_moderator
using (true);
comment on policy read_as_moderator on media.uploads is
  'Moderators see every file.';

-- End of objects
