create or replace function governance.add_reactions(
  p_proposal_id uuid,
  p_comment_id uuid,
  p_likes integer,
  p_dislikes integer
)
returns void
language sql
volatile
begin atomic
  update governance.comments as comment
  set likes = comment.likes + p_likes,
      dislikes = comment.dislikes + p_dislikes
  where comment.proposal_id = p_proposal_id
    and comment.id = p_comment_id
    and (p_likes <> 0 or p_dislikes <> 0);
end;

comment on function governance.add_reactions(uuid, uuid, integer, integer) is
  'Internal. Adds to the counters of one comment, both signed.';

revoke all on function governance.add_reactions(uuid, uuid, integer, integer) from public;
