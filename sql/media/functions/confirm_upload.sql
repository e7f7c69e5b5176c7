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
