create or replace function forums.comments_my_vote(p_comment forums.comments)
returns integer
language sql
stable
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
  'The caller''s vote on the comment: 1, -1, or 0 for none. One look-up by primary key, under row-level security.';

revoke all on function forums.comments_my_vote(forums.comments) from public;
grant execute on function forums.comments_my_vote(forums.comments) to stoa_member;
