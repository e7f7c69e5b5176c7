create or replace function forums.mark_post_read(p_post_id uuid, p_comment_id uuid)
returns forums.post_subscriptions
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  subscription forums.post_subscriptions;
begin
  perform forums.live_post(p_post_id);
  if not exists (
    select from forums.comments as comment
    where comment.post_id = p_post_id and comment.id = p_comment_id
  ) then
    perform core.fail('comment.unknown');
  end if;
  update forums.post_subscriptions as target
  set last_read_comment_id = greatest(target.last_read_comment_id, p_comment_id)
  where target.user_id = me
    and target.post_id = p_post_id
  returning * into subscription;
  return subscription;
end
$$;

comment on function forums.mark_post_read(uuid, uuid) is
  'Remembers that the caller has read a followed post up to this comment; the marker never moves back. Null when the caller does not follow the post. Refuses post.unknown, forum.banned and comment.unknown.';

revoke all on function forums.mark_post_read(uuid, uuid) from public;
grant execute on function forums.mark_post_read(uuid, uuid) to stoa_member;
