create or replace function messaging.attach_uploads(
  p_message messaging.messages,
  p_upload_ids uuid[],
  p_descriptions text[]
)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  attached integer;
begin
  if cardinality(p_upload_ids) > 10 then
    perform core.fail('message.upload_unusable');
  end if;

  -- Locked in the order of their keys, so that none is deleted between the check and the attachment.
  perform
  from media.uploads as upload
  where upload.id = any (p_upload_ids)
  order by upload.id
  for no key update;

  insert into messaging.message_attachments (
    conversation_id, message_id, position, upload_id, filename, content_type, size_bytes, width, height, description
  )
  select
    p_message.conversation_id, p_message.id, file.place - 1,
    upload.id, upload.filename, upload.content_type, upload.size_bytes, upload.width, upload.height,
    core.clean_text(p_descriptions[file.place], 1000, false)
  from unnest(p_upload_ids) with ordinality as file (upload_id, place)
  join media.uploads as upload on upload.id = file.upload_id
  where upload.user_id = p_message.sender_id
    and upload.status = 'ready'
    and upload.deleted_at is null
    and (p_message.type <> 'image' or upload.content_type like 'image/%');
  get diagnostics attached = row_count;
  if attached <> cardinality(p_upload_ids) then
    perform core.fail('message.upload_unusable');
  end if;

  update media.uploads as upload
  set attached_at = now()
  where upload.id = any (p_upload_ids)
    and upload.attached_at is null;
end
$$;

comment on function messaging.attach_uploads(messaging.messages, uuid[], text[]) is
  'Internal. Makes up to ten finished files of the sender the files of a message, in this order, and tells the sweep of orphans to leave them. Refuses others, and anything but pictures in a message of type image (message.upload_unusable).';

revoke all on function messaging.attach_uploads(messaging.messages, uuid[], text[]) from public;
