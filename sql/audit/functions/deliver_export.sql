create or replace function audit.deliver_export(
  p_request_id uuid,
  p_storage_path text,
  p_size_bytes bigint,
  p_sha256 bytea
)
returns uuid
language plpgsql
volatile
-- Uploads and requests belong to the owner.
security definer
set search_path = ''
as $$
declare
  request audit.privacy_requests;
  file uuid := core.uuidv7();
begin
  select * into request from audit.privacy_requests where id = p_request_id and kind = 'export' for no key update;
  if not found then
    perform core.fail('privacy.unknown');
  end if;
  if request.status not in ('pending', 'running') then
    perform core.fail('privacy.not_pending');
  end if;

  -- Attached to nothing: the nightly sweep removes it once it is a day old.
  insert into media.uploads (id, user_id, filename, content_type, size_bytes, storage_path, sha256, status, inserted_at)
  values (
    file, request.user_id, 'stoa-export.zip', 'application/zip', p_size_bytes, p_storage_path, p_sha256, 'ready',
    now() + make_interval(hours => core.setting_integer('privacy.export_hours')::integer - 24)
  );
  update audit.privacy_requests
  set status = 'done',
      started_at = coalesce(started_at, now()),
      completed_at = clock_timestamp(),
      error = null,
      result = jsonb_build_object('upload_id', file, 'size_bytes', p_size_bytes)
  where id = p_request_id;
  perform audit.record('privacy.exported', 'audit.privacy_requests', p_request_id);
  perform notifications.notify(
    request.user_id, 'privacy', 'The copy of your data is ready', 'It can be fetched for a day.',
    jsonb_build_object('request_id', p_request_id, 'upload_id', file)
  );
  return file;
end
$$;

comment on function audit.deliver_export(uuid, text, bigint, bytea) is
  'Worker: an archive is in the storage: makes it an upload of the person, which only they can fetch and which the nightly sweep removes (setting privacy.export_hours), tells them, and ends the request. Refuses privacy.unknown and privacy.not_pending. Audited.';

revoke all on function audit.deliver_export(uuid, text, bigint, bytea) from public;
grant execute on function audit.deliver_export(uuid, text, bigint, bytea) to stoa_worker;
