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
