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
