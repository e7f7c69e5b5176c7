create or replace function governance.react_comment(p_proposal_id uuid, p_comment_id uuid, p_value integer)
returns governance.comments
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  comment governance.comments;
begin
  if p_value is null or p_value not in (-1, 0, 1) then
    perform core.fail('proposal_comment.reaction_invalid');
  end if;
  comment := governance.locked_comment(p_proposal_id, p_comment_id);

  if p_value = 0 then
    delete from governance.comment_votes as reaction
    where reaction.proposal_id = p_proposal_id
      and reaction.comment_id = p_comment_id
      and reaction.user_id = me;
  else
    insert into governance.comment_votes as existing (proposal_id, comment_id, user_id, value)
    values (p_proposal_id, p_comment_id, me, p_value)
    on conflict (proposal_id, comment_id, user_id) do update
    set value = excluded.value
    where existing.value <> excluded.value;
  end if;

  select * into comment
  from governance.comments as counted
  where counted.proposal_id = p_proposal_id and counted.id = p_comment_id;
  return comment;
end
$$;

comment on function governance.react_comment(uuid, uuid, integer) is
  E'@name react_to_proposal_comment\nLikes (1) or dislikes (-1) a comment, or takes that back (0), and returns the comment with its counters. The same again changes nothing. Refuses proposal_comment.reaction_invalid, proposal.unknown, proposal_comment.unknown and proposal_comment.deleted. Reactions to one comment queue up.';

revoke all on function governance.react_comment(uuid, uuid, integer) from public;
grant execute on function governance.react_comment(uuid, uuid, integer) to stoa_member;
