create or replace function groups.attach_uploads(p_message groups.channel_messages, p_upload_ids uuid[])
returns groups.channel_messages
language plpgsql
volatile
set search_path = ''
as $$
declare
  usable integer;
  message groups.channel_messages;
begin
  if cardinality(p_upload_ids) > 10 then
    perform core.fail('channel_message.upload_unusable');
  end if;
  -- Locked in the order of their keys, so that none is deleted between the check and the attachment.
  select count(*) into usable
  from (
    select upload.id
    from media.uploads as upload
    where upload.id = any (p_upload_ids)
      and upload.user_id = core.current_user_id()
      and upload.status = 'ready'
      and upload.deleted_at is null
    order by upload.id
    for no key update
  ) as found_upload;
  if usable <> cardinality(p_upload_ids) then
    perform core.fail('channel_message.upload_unusable');
  end if;

  insert into groups.message_attachments (
    channel_id, message_id, position, upload_id, filename, content_type, size_bytes, width, height
  )
  select
    p_message.channel_id, p_message.id, file.number - 1, upload.id, upload.filename, upload.content_type, upload.size_bytes,
    upload.width, upload.height
  from unnest(p_upload_ids) with ordinality as file (upload_id, number)
  join media.uploads as upload on upload.id = file.upload_id;
  update groups.channel_messages as target
  set type = case
    when exists (
      select
      from groups.message_attachments as file
      where file.channel_id = p_message.channel_id
        and file.message_id = p_message.id
        and file.content_type not like 'image/%'
    ) then 'file'
    else 'image'
  end
  where target.channel_id = p_message.channel_id and target.id = p_message.id
  returning * into message;
  return message;
end
$$;

comment on function groups.attach_uploads(groups.channel_messages, uuid[]) is
  'Internal. Makes one to ten finished uploads of the caller the files of a message, in this order, described as they are now; the message becomes one of type image or file. Refuses others, doubles and more (channel_message.upload_unusable).';

revoke all on function groups.attach_uploads(groups.channel_messages, uuid[]) from public;
