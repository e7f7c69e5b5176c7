create or replace function forums.comments_my_vote(p_comment forums.comments)
returns integer
language sql
stable
-- A visitor may not read votes at all, and has cast none: the answer is 0 instead of a refusal.
security definer
set search_path = ''
begin atomic
  select coalesce((
    select vote.direction
    from forums.comment_votes as vote
    where vote.comment_id = p_comment.id
      and vote.user_id = core.current_user_id()
  ), 0);
end;

comment on function forums.comments_my_vote(forums.comments) is
  'The caller''s vote on the comment: 1, -1, or 0 for none. One look-up by primary key, of the caller''s own vote only.';

revoke all on function forums.comments_my_vote(forums.comments) from public;
grant execute on function forums.comments_my_vote(forums.comments) to stoa_anonymous;
