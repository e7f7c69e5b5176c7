create or replace function governance.add_comment(
  p_proposal_id uuid,
  p_content text,
  p_parent_id uuid default null,
  p_key text default null
)
returns governance.comments
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_proposal_id, p_content, p_parent_id);
  earlier jsonb;
  proposal governance.proposals;
  parent governance.comments;
  comment governance.comments;
  actor_name text;
begin
  earlier := core.recall('governance.add_comment', p_key, arguments);
  if earlier is not null then
    select * into comment
    from governance.comments as made
    where made.proposal_id = p_proposal_id and made.id = (earlier ->> 'id')::uuid;
    return comment;
  end if;

  perform core.clean_text(p_content, 10000);
  proposal := governance.discussed_proposal(p_proposal_id);
  if p_parent_id is not null then
    -- Locked, so that it is not a tombstone by the time it is answered.
    parent := governance.locked_comment(p_proposal_id, p_parent_id);
  end if;

  insert into governance.comments (proposal_id, user_id, parent_id, content)
  values (p_proposal_id, me, p_parent_id, core.clean_text(p_content, 10000))
  returning * into comment;

  select coalesce(person.display_name, person.username::text, 'Somebody') into actor_name
  from core.users as person
  where person.id = me;
  perform notifications.notify(
    told.user_id,
    told.type,
    actor_name || told.verb || proposal.title,
    left(comment.content, 200),
    jsonb_build_object('proposal_id', p_proposal_id, 'comment_id', comment.id),
    me,
    told.group_key
  )
  from (
    select distinct on (recipient.user_id) recipient.*
    from (
      values
        (parent.user_id, 'proposal_reply', ' answered you on ', 'proposal_comment:' || p_parent_id || ':replies', 1),
        (proposal.proposer_id, 'proposal_comment', ' commented on ', 'proposal:' || p_proposal_id || ':comments', 2)
    ) as recipient (user_id, type, verb, group_key, preference)
    where recipient.user_id <> me
    -- Several people are always locked in the order of their keys; who is both is told of the answer alone.
    order by recipient.user_id, recipient.preference
  ) as told;
  perform core.remember('governance.add_comment', p_key, arguments, jsonb_build_object('id', comment.id));
  return comment;
end
$$;

comment on function governance.add_comment(uuid, text, uuid, text) is
  E'@name comment_on_proposal\nComments on a proposal, or answers a comment on it (parent_id). The author of the parent and the proposer are told. key: send the same again after a lost answer and get the same comment. Refuses a draft (proposal.unknown), and a parent that is not there or on another proposal (proposal_comment.unknown) or deleted (proposal_comment.deleted). Limit: 10,000 characters.';

revoke all on function governance.add_comment(uuid, text, uuid, text) from public;
grant execute on function governance.add_comment(uuid, text, uuid, text) to stoa_member;
