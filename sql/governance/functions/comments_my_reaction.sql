create or replace function governance.comments_my_reaction(p_comment governance.comments)
returns integer
language sql
stable
set search_path = ''
begin atomic
  select coalesce((
    select reaction.value
    from governance.comment_votes as reaction
    where reaction.proposal_id = p_comment.proposal_id
      and reaction.comment_id = p_comment.id
      and reaction.user_id = core.current_user_id()
  ), 0);
end;

comment on function governance.comments_my_reaction(governance.comments) is
  'The caller''s reaction to the comment: 1, -1, or 0 for none. One look-up by primary key, under row-level security.';

revoke all on function governance.comments_my_reaction(governance.comments) from public;
grant execute on function governance.comments_my_reaction(governance.comments) to stoa_member;
