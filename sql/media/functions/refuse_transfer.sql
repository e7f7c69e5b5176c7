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
