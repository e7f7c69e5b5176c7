create or replace function forums.posts_my_vote(p_post forums.posts)
returns integer
language sql
stable
-- A visitor may not read votes at all, and has cast none: the answer is 0 instead of a refusal.
security definer
set search_path = ''
begin atomic
  select coalesce((
    select vote.direction
    from forums.post_votes as vote
    where vote.post_id = p_post.id
      and vote.user_id = core.current_user_id()
  ), 0);
end;

comment on function forums.posts_my_vote(forums.posts) is
  'The caller''s vote on the post: 1, -1, or 0 for none. One look-up by primary key, of the caller''s own vote only.';

revoke all on function forums.posts_my_vote(forums.posts) from public;
grant execute on function forums.posts_my_vote(forums.posts) to stoa_anonymous;
