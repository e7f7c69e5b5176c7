-- Why: what is defined in sql/media: 4 functions, policies of 1 tables, as they stand under sql/.
-- New: media.complete_upload, media.create_upload, media.delete_upload, media.expired_uploads, media policies
--   uploads.
-- Locks: ACCESS EXCLUSIVE, for an instant, on media.uploads (policies).
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

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

-- Object: media/functions/create_upload.sql
create or replace function media.create_upload(p_filename text, p_content_type text, p_size_bytes bigint)
returns media.uploads
language plpgsql
volatile
-- Limits hang on the account, so nobody has an insert grant.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  -- Clients send whole paths; control characters would break headers.
  plain_name text := regexp_replace(regexp_replace(p_filename, '^.*[/\\]', ''), '[[:cntrl:]]', '', 'g');
  kind text := lower(core.clean_text(p_content_type, 100));
  limits jsonb := core.setting_json('media.max_bytes');
  tier integer;
  new_id uuid := core.uuidv7();
  upload media.uploads;
begin
  select case when premium_until > now() then premium_tier else 0 end into tier from core.users where id = me;

  if not core.setting_json('media.allowed_types') ? kind then
    perform core.fail('upload.type_refused');
  end if;

  if p_size_bytes is null or p_size_bytes <= 0 then
    perform core.fail('input.malformed');
  end if;

  if p_size_bytes > (limits ->> least(tier, jsonb_array_length(limits) - 1))::bigint then
    perform core.fail('upload.too_large');
  end if;

  if core.setting_integer('media.max_pending') <= (
    select count(*) from media.uploads where user_id = me and status = 'pending' and deleted_at is null
  ) then
    perform core.fail('upload.too_many_pending');
  end if;

  insert into media.uploads (id, user_id, filename, content_type, size_bytes, storage_path)
  values (
    new_id,
    me,
    core.clean_text(plain_name, 255),
    kind,
    p_size_bytes,
    to_char(now() at time zone 'UTC', '"uploads/"YYYY/MM/') || new_id
  )
  returning * into upload;

  return upload;
end
$$;

comment on function media.create_upload(text, text, bigint) is
  'Begins an upload: send the bytes to storage_path, then call completeUpload. The largest size hangs on the premium tier while it is paid for (setting media.max_bytes), the types on media.allowed_types. Refuses upload.too_large, upload.type_refused, upload.too_many_pending.';

revoke all on function media.create_upload(text, text, bigint) from public;
grant execute on function media.create_upload(text, text, bigint) to stoa_member;

-- Object: media/functions/delete_upload.sql
create or replace function media.delete_upload(p_id uuid)
returns media.uploads
language plpgsql
volatile
-- Members may not write the table.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  upload media.uploads;
begin
  update media.uploads
  set deleted_at = now()
  where id = p_id
    and user_id = me
    and deleted_at is null
  returning * into upload;

  if not found then
    perform core.fail('upload.unknown');
  end if;

  return upload;
end
$$;

comment on function media.delete_upload(uuid) is
  'Deletes an upload of the caller; row and bytes go for good after 30 days. Refuses upload.unknown.';

revoke all on function media.delete_upload(uuid) from public;
grant execute on function media.delete_upload(uuid) to stoa_member;

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

-- Down Migration

drop policy read_as_moderator on media.uploads;
drop policy read_own on media.uploads;
drop function media.expired_uploads(timestamptz, integer);
drop function media.delete_upload(uuid);
drop function media.create_upload(text, text, bigint);
drop function media.complete_upload(uuid, bigint, text, integer, integer);
revoke all on table media.uploads from stoa_member, stoa_worker;
