create or replace function forums.pin_post(p_post_id uuid)
returns forums.posts
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  post forums.posts;
begin
  -- The forum is locked first: pins of one forum are counted one after the other.
  post := forums.moderated_post(p_post_id, 2, true);
  if post.is_pinned then
    return post;
  end if;
  if (
    select count(*)
    from forums.posts as pinned
    where pinned.forum_id = post.forum_id
      and pinned.is_pinned
      and pinned.deleted_at is null
  ) >= core.setting_integer('forums.pin_limit') then
    perform core.fail('post.pin_limit');
  end if;

  update forums.posts as target
  set is_pinned = true,
      pinned_at = now(),
      updated_at = now()
  where target.id = p_post_id
  returning * into post;
  perform audit.record('pin_post', 'forums.posts', p_post_id);
  return post;
end
$$;

comment on function forums.pin_post(uuid) is
  'Holds a post at the top of its forum; a pinned one stays as it is. Needs PIN (forum.not_allowed). Refuses more than the setting forums.pin_limit allows (post.pin_limit), post.unknown and post.deleted. Audited.';

revoke all on function forums.pin_post(uuid) from public;
grant execute on function forums.pin_post(uuid) to stoa_member;
