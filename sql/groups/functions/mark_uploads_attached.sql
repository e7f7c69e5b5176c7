create or replace function groups.mark_uploads_attached()
returns trigger
language plpgsql
volatile
-- The uploads belong to another module, whose rows nobody may update directly.
security definer
set search_path = ''
as $$
begin
  perform
  from media.uploads as upload
  where upload.id in (select added.upload_id from added)
  order by upload.id
  for no key update;

  update media.uploads as upload
  set attached_at = now()
  where upload.id in (select added.upload_id from added)
    and upload.attached_at is null;
  return null;
end
$$;

comment on function groups.mark_uploads_attached() is
  'Trigger. Tells the file that something refers to it, so that the sweep of orphans leaves it.';

revoke all on function groups.mark_uploads_attached() from public;
