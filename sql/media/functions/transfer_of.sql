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
