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
