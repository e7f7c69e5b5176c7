create or replace function forums.edit_post(
  p_post_id uuid,
  p_title text default null,
  p_content text default null,
  p_upload_ids uuid[] default null,
  p_is_nsfw boolean default null,
  p_reason text default null
)
returns forums.posts
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  before forums.posts;
  after forums.posts;
  new_title text;
  new_content text;
begin
  before := forums.locked_post(p_post_id);
  if before.deleted_at is not null then
    perform core.fail('post.deleted');
  end if;
  if before.author_id is distinct from me and not forums.can_moderate(before.forum_id, 0) then
    perform core.fail('post.not_author');
  end if;

  new_title := case when p_title is null then before.title else core.clean_text(p_title, 300) end;
  new_content := case when p_content is null then before.content else coalesce(core.clean_text(p_content, 40000, false), '') end;
  if new_title <> before.title
    and before.inserted_at < now() - make_interval(mins => core.setting_integer('forums.title_edit_minutes')::integer)
    and not forums.can_moderate(before.forum_id, 0)
  then
    perform core.fail('post.title_frozen');
  end if;
  if p_upload_ids is not null then
    if before.type <> 'image' then
      perform core.fail('post.type_mismatch');
    end if;
    delete from forums.post_attachments as attachment where attachment.post_id = p_post_id;
    perform forums.attach_uploads(p_post_id, p_upload_ids);
  end if;

  update forums.posts as post
  set title = new_title,
      content = new_content,
      is_nsfw = coalesce(p_is_nsfw, post.is_nsfw),
      edited_at = case
        when new_title <> post.title or new_content <> post.content or p_upload_ids is not null then now()
        else post.edited_at
      end,
      updated_at = now()
  where post.id = p_post_id
  returning * into after;
  perform forums.audit_moderation(
    'edit_post', 'forums.posts', p_post_id, before.author_id, why,
    jsonb_build_object('title', before.title, 'content', before.content),
    jsonb_build_object('title', after.title, 'content', after.content)
  );
  return after;
end
$$;

comment on function forums.edit_post(uuid, text, text, uuid[], boolean, text) is
  'Changes title, body, pictures or the adult mark of a post; what is left out stays. Its author or a moderator with DELETE (post.not_author). An author can change the title only in the first minutes, as the setting forums.title_edit_minutes says (post.title_frozen). Refuses post.unknown, post.deleted, pictures for a post of another type (post.type_mismatch) and post.upload_unusable. Limits as in create_post. A moderator''s change is audited.';

revoke all on function forums.edit_post(uuid, text, text, uuid[], boolean, text) from public;
grant execute on function forums.edit_post(uuid, text, text, uuid[], boolean, text) to stoa_member;
