create or replace function forums.attach_uploads(p_post_id uuid, p_upload_ids uuid[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  usable integer;
begin
  if cardinality(p_upload_ids) not between 1 and 20 then
    perform core.fail('post.upload_unusable');
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
      and upload.content_type like 'image/%'
    order by upload.id
    for no key update
  ) as found_upload;
  if usable <> cardinality(p_upload_ids) then
    perform core.fail('post.upload_unusable');
  end if;

  insert into forums.post_attachments (post_id, position, upload_id)
  select p_post_id, picture.position - 1, picture.upload_id
  from unnest(p_upload_ids) with ordinality as picture (upload_id, position);
end
$$;

comment on function forums.attach_uploads(uuid, uuid[]) is
  'Internal. Makes 1 to 20 finished pictures of the caller the pictures of a post, in this order. Refuses others, doubles and none (post.upload_unusable).';

revoke all on function forums.attach_uploads(uuid, uuid[]) from public;
