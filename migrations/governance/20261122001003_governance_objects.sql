-- Why: what is defined in sql/governance: 47 functions, 13 triggers, policies of 9 tables, as they stand under sql/.
-- Locks: ACCESS EXCLUSIVE, for an instant, on governance.comment_votes, governance.comments,
--   governance.proposals, governance.tokens, governance.user_tokens, governance.votes,
--   governance.voting_snapshots (policies); SHARE ROW EXCLUSIVE, for an instant, on governance.comment_votes,
--   governance.comments, governance.proposals, governance.tokens, governance.user_tokens, governance.votes
--   (triggers).
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: governance/functions/add_comment.sql
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

-- Object: governance/functions/add_reactions.sql
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

-- Object: governance/functions/add_to_tally.sql
create or replace function governance.add_to_tally(
  p_proposal_id uuid,
  p_shard smallint,
  p_vote_type text,
  p_votes integer,
  p_power numeric
)
returns void
language sql
volatile
begin atomic
  update governance.vote_tallies as tally
  set yes_votes = tally.yes_votes + case when p_vote_type = 'yes' then p_votes else 0 end,
      no_votes = tally.no_votes + case when p_vote_type = 'no' then p_votes else 0 end,
      abstain_votes = tally.abstain_votes + case when p_vote_type = 'abstain' then p_votes else 0 end,
      yes_power = tally.yes_power + case when p_vote_type = 'yes' then p_power else 0 end,
      no_power = tally.no_power + case when p_vote_type = 'no' then p_power else 0 end,
      abstain_power = tally.abstain_power + case when p_vote_type = 'abstain' then p_power else 0 end
  where tally.proposal_id = p_proposal_id
    and tally.shard = p_shard;
end;

comment on function governance.add_to_tally(uuid, smallint, text, integer, numeric) is
  'Internal. Adds ballots and power, both signed, to one choice in one shard of a running tally.';

revoke all on function governance.add_to_tally(uuid, smallint, text, integer, numeric) from public;

-- Object: governance/functions/ballots_are_open.sql
create or replace function governance.ballots_are_open()
returns boolean
language sql
stable
-- Settings are not everybody's to read, and this one decides what the policies show.
security definer
set search_path = ''
begin atomic
  select coalesce(
    (select setting.value = 'true' from core.settings as setting where setting.key = 'governance.open_ballots'),
    false
  );
end;

comment on function governance.ballots_are_open() is
  E'@internal\nWhether members see ballots and the running result while voting is open (setting governance.open_ballots). In a policy, write (select governance.ballots_are_open()).';

revoke all on function governance.ballots_are_open() from public;
grant execute on function governance.ballots_are_open() to stoa_anonymous;

-- Object: governance/functions/cancel_proposal.sql
create or replace function governance.cancel_proposal(p_proposal_id uuid, p_reason text default null)
returns governance.proposals
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  proposal governance.proposals;
begin
  perform governance.visible_proposal(p_proposal_id);
  -- As strong a lock as closing takes: no ballot is on its way when they are counted.
  select * into proposal from governance.proposals as candidate where candidate.id = p_proposal_id for update;
  if not found then
    perform core.fail('proposal.unknown');
  end if;
  if core.current_role_rank() < 3 then
    if proposal.proposer_id is distinct from me then
      perform core.fail('proposal.not_proposer');
    end if;
    if proposal.status <> 'draft' then
      perform core.fail('proposal.not_draft');
    end if;
  end if;
  if proposal.status not in ('draft', 'active') then
    perform core.fail('proposal.closed');
  end if;
  if proposal.voting_start is null then
    perform core.fail('proposal.not_scheduled');
  end if;

  proposal := governance.count_and_close(proposal, true);
  perform audit.record('proposal.cancel', 'governance.proposals', p_proposal_id, null, null, why);
  if proposal.proposer_id <> me then
    perform notifications.notify(
      proposal.proposer_id, 'proposal', 'Your proposal was cancelled: ' || proposal.title, why,
      jsonb_build_object('proposal_id', p_proposal_id)
    );
  end if;
  return proposal;
end
$$;

comment on function governance.cancel_proposal(uuid, text) is
  'Takes a scheduled proposal back: its proposer until voting opens (proposal.not_draft), an administrator until voting closes. It ends as expired, with cancelled_at, and what was voted until then is counted for the record. Refuses proposal.unknown, proposal.not_proposer, a draft that is not scheduled (proposal.not_scheduled) and proposal.closed. Audited; the proposer is told.';

revoke all on function governance.cancel_proposal(uuid, text) from public;
grant execute on function governance.cancel_proposal(uuid, text) to stoa_member;

-- Object: governance/functions/cast_vote.sql
create or replace function governance.cast_vote(p_proposal_id uuid, p_vote_type text, p_reason text default null)
returns governance.votes
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 2000, false);
  power numeric;
  ballot governance.votes;
begin
  if p_vote_type is null or p_vote_type not in ('yes', 'no', 'abstain') then
    perform core.fail('ballot.choice_invalid');
  end if;
  perform governance.votable_proposal(p_proposal_id);
  select holder.voting_power into power
  from governance.voting_snapshots as holder
  where holder.proposal_id = p_proposal_id and holder.user_id = me;
  if not found then
    perform core.fail('ballot.no_power');
  end if;

  insert into governance.votes as existing (proposal_id, voter_id, vote_type, voting_power, reason)
  values (p_proposal_id, me, p_vote_type, power, why)
  on conflict (proposal_id, voter_id) do update
  set vote_type = excluded.vote_type,
      reason = excluded.reason
  returning * into ballot;
  return ballot;
end
$$;

comment on function governance.cast_vote(uuid, text, text) is
  'Casts the caller''s ballot (yes, no or abstain) with the power that they held when the proposal opened, or replaces the one they cast before. Refuses ballot.choice_invalid, proposal.unknown, a vote that is not open or whose time is over (proposal.closed), and who held nothing at the opening (ballot.no_power). Limit: reason 2,000 characters. A ballot row and one of sixteen tally rows; voters do not queue up.';

revoke all on function governance.cast_vote(uuid, text, text) from public;
grant execute on function governance.cast_vote(uuid, text, text) to stoa_member;

-- Object: governance/functions/change_balance.sql
create or replace function governance.change_balance(p_user_id uuid, p_token_id uuid, p_change numeric)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  holding governance.user_tokens;
begin
  if p_change = 0 then
    return;
  end if;

  loop
    select * into holding
    from governance.user_tokens as candidate
    where candidate.user_id = p_user_id and candidate.token_id = p_token_id
    for no key update;
    exit when found;

    if p_change < 0 then
      perform core.fail('holding.insufficient');
    end if;
    -- Somebody else may be making the same first holding: then the loop finds theirs.
    insert into governance.user_tokens (user_id, token_id)
    values (p_user_id, p_token_id)
    on conflict (user_id, token_id) do nothing;
  end loop;

  if holding.balance + p_change < 0 then
    perform core.fail('holding.insufficient');
  end if;
  if holding.balance + holding.staked_balance + p_change >= 1e60 then
    perform core.fail('holding.too_large');
  end if;
  update governance.user_tokens as changed
  set balance = changed.balance + p_change
  where changed.user_id = p_user_id and changed.token_id = p_token_id;
end
$$;

comment on function governance.change_balance(uuid, uuid, numeric) is
  'Internal, for the ledger: adds a signed amount to a free balance, under the lock of the holding, which it makes where there is none. Refuses holding.insufficient and holding.too_large. Whoever changes several goes by (user, token).';

revoke all on function governance.change_balance(uuid, uuid, numeric) from public;

-- Object: governance/functions/check_amount.sql
create or replace function governance.check_amount(p_token governance.tokens, p_amount numeric)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  -- To numeric, NaN and Infinity are larger than everything.
  if p_amount is null
    or p_amount <= 0
    or p_amount >= 1e60
    or p_amount <> round(p_amount, p_token.decimals)
  then
    perform core.fail('token.amount_invalid');
  end if;
end
$$;

comment on function governance.check_amount(governance.tokens, numeric) is
  'Internal. Lets an amount pass that exists: more than zero, no finer than the decimals of the token, at most 60 digits before the point. Refuses token.amount_invalid.';

revoke all on function governance.check_amount(governance.tokens, numeric) from public;

-- Object: governance/functions/check_proposal.sql
create or replace function governance.check_proposal(p_type text, p_metadata jsonb)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_type is null or p_type not in ('general', 'parameter', 'treasury', 'membership', 'upgrade') then
    perform core.fail('proposal.type_unknown');
  end if;
  if jsonb_typeof(p_metadata) is distinct from 'object' then
    perform core.fail('input.malformed');
  end if;
  if octet_length(p_metadata::text) > 65536 then
    perform core.fail('proposal.metadata_too_large');
  end if;
end
$$;

comment on function governance.check_proposal(text, jsonb) is
  'Internal. Lets type and metadata of a proposal pass. Refuses proposal.type_unknown, metadata that is no object (input.malformed) or larger than 64 KiB (proposal.metadata_too_large).';

revoke all on function governance.check_proposal(text, jsonb) from public;

-- Object: governance/functions/check_token.sql
create or replace function governance.check_token(p_token governance.tokens)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if num_nulls(
      p_token.decimals, p_token.display_scale, p_token.balance_weight, p_token.stake_weight, p_token.total_supply,
      p_token.circulating_supply
    ) > 0
    or p_token.decimals not between 0 and 18
    or p_token.display_scale not between 0 and 18
    or p_token.balance_weight not between 0 and 99999.9999
    or p_token.stake_weight not between 0 and 99999.9999
    or p_token.total_supply not between 0 and 1e60 - 1e-18
    or p_token.circulating_supply not between 0 and p_token.total_supply
  then
    perform core.fail('token.figures_invalid');
  end if;
  if exists (
    select
    from governance.tokens as other
    where other.network = p_token.network
      and upper(other.symbol) = upper(p_token.symbol)
      and other.id <> p_token.id
  ) then
    perform core.fail('token.symbol_taken');
  end if;
  if exists (
    select
    from governance.tokens as other
    where other.network = p_token.network
      and other.contract_address_key = lower(p_token.contract_address)
      and other.id <> p_token.id
  ) then
    perform core.fail('token.contract_taken');
  end if;
end
$$;

comment on function governance.check_token(governance.tokens) is
  'Internal. Lets a token pass as it is to be written. Refuses token.figures_invalid, token.symbol_taken and token.contract_taken; of two administrators at the same moment, the unique indexes stop the second.';

revoke all on function governance.check_token(governance.tokens) from public;

-- Object: governance/functions/close_due_proposals.sql
create or replace function governance.close_due_proposals(p_now timestamptz default now(), p_limit integer default 100)
returns integer
language plpgsql
volatile
-- Counts the ballots of everybody.
security definer
set search_path = ''
as $$
declare
  due_id uuid;
  proposal governance.proposals;
  closed integer := 0;
begin
  for due_id in
    select due.id
    from governance.proposals as due
    where due.status = 'active'
      and due.voting_end <= p_now
    order by due.voting_end, due.id
    limit p_limit
  loop
    -- Waits for the ballots on their way and for another worker, then looks again at what that one left.
    select * into proposal
    from governance.proposals as due
    where due.id = due_id
      and due.status = 'active'
      and due.voting_end <= p_now
    for update;
    continue when not found;

    proposal := governance.count_and_close(proposal, false);
    perform audit.record(
      'proposal.close', 'governance.proposals', proposal.id, null, jsonb_build_object('status', proposal.status)
    );
    perform notifications.notify(
      proposal.proposer_id, 'proposal', 'Voting has closed: ' || proposal.title,
      'The proposal is ' || proposal.status || '.',
      jsonb_build_object('proposal_id', proposal.id, 'status', proposal.status)
    );
    closed := closed + 1;
  end loop;
  return closed;
end
$$;

comment on function governance.close_due_proposals(timestamptz, integer) is
  'For the worker, every minute: closes the proposals whose voting period is over; see governance.count_and_close for the outcome. Can run twice at once and any number of times: each proposal is closed once. Returns how many it closed.';

revoke all on function governance.close_due_proposals(timestamptz, integer) from public;
grant execute on function governance.close_due_proposals(timestamptz, integer) to stoa_worker;

-- Object: governance/functions/comments_my_reaction.sql
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

-- Object: governance/functions/count_and_close.sql
create or replace function governance.count_and_close(p_proposal governance.proposals, p_is_cancelled boolean)
returns governance.proposals
language plpgsql
volatile
set search_path = ''
as $$
declare
  counted record;
  outcome text;
  proposal governance.proposals;
begin
  -- The caller holds the row FOR UPDATE, so every ballot that was let in is committed, and this statement sees it.
  select
    (count(*) filter (where ballot.vote_type = 'yes'))::integer as yes_votes,
    (count(*) filter (where ballot.vote_type = 'no'))::integer as no_votes,
    (count(*) filter (where ballot.vote_type = 'abstain'))::integer as abstain_votes,
    coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'yes'), 0) as yes_power,
    coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'no'), 0) as no_power,
    coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'abstain'), 0) as abstain_power
  into counted
  from governance.votes as ballot
  where ballot.proposal_id = p_proposal.id;

  -- Multiplied, never divided: a quotient would be rounded, and the boundary would move.
  outcome := case
    when p_is_cancelled then 'expired'
    when counted.yes_power + counted.no_power + counted.abstain_power
      < p_proposal.quorum_threshold * p_proposal.snapshot_power then 'expired'
    when counted.yes_power + counted.no_power = 0 then 'rejected'
    when counted.yes_power >= p_proposal.approval_threshold * (counted.yes_power + counted.no_power) then 'passed'
    else 'rejected'
  end;

  update governance.proposals as closed
  set status = outcome,
      closed_at = now(),
      cancelled_at = case when p_is_cancelled then now() end,
      total_votes = counted.yes_votes + counted.no_votes + counted.abstain_votes,
      yes_votes = counted.yes_votes,
      no_votes = counted.no_votes,
      abstain_votes = counted.abstain_votes,
      yes_power = counted.yes_power,
      no_power = counted.no_power,
      abstain_power = counted.abstain_power
  where closed.id = p_proposal.id
  returning * into proposal;
  delete from governance.vote_tallies as tally where tally.proposal_id = p_proposal.id;
  return proposal;
end
$$;

comment on function governance.count_and_close(governance.proposals, boolean) is
  'Internal. Counts the ballots of a proposal that the caller has locked FOR UPDATE, writes result and outcome down and drops the running tally. Too little of the frozen power took part: expired; nobody said yes or no: rejected; enough of yes among yes and no: passed, otherwise rejected; exactly enough is enough. One pass over a covering index: 100 to 125 ms for a million ballots.';

revoke all on function governance.count_and_close(governance.proposals, boolean) from public;

-- Object: governance/functions/count_comment_votes.sql
create or replace function governance.count_comment_votes()
returns trigger
language plpgsql
-- Fires for whoever writes a reaction; the counters are nobody's to write.
security definer
set search_path = ''
as $$
declare
  change record;
begin
  -- Comment by comment in the order of their keys: two statements with many reactions each do not deadlock.
  if tg_op = 'INSERT' then
    for change in
      select
        added.proposal_id,
        added.comment_id,
        (count(*) filter (where added.value = 1))::integer as likes,
        (count(*) filter (where added.value = -1))::integer as dislikes
      from added
      group by 1, 2
      order by 1, 2
    loop
      perform governance.add_reactions(change.proposal_id, change.comment_id, change.likes, change.dislikes);
    end loop;
  elsif tg_op = 'DELETE' then
    for change in
      select
        removed.proposal_id,
        removed.comment_id,
        -(count(*) filter (where removed.value = 1))::integer as likes,
        -(count(*) filter (where removed.value = -1))::integer as dislikes
      from removed
      group by 1, 2
      order by 1, 2
    loop
      perform governance.add_reactions(change.proposal_id, change.comment_id, change.likes, change.dislikes);
    end loop;
  else
    for change in
      select
        changed.proposal_id,
        changed.comment_id,
        sum(case when changed.value = 1 then changed.step else 0 end)::integer as likes,
        sum(case when changed.value = -1 then changed.step else 0 end)::integer as dislikes
      from (
        select added.proposal_id, added.comment_id, added.value, 1 as step from added
        union all
        select removed.proposal_id, removed.comment_id, removed.value, -1 from removed
      ) as changed
      group by 1, 2
      order by 1, 2
    loop
      perform governance.add_reactions(change.proposal_id, change.comment_id, change.likes, change.dislikes);
    end loop;
  end if;
  return null;
end
$$;

comment on function governance.count_comment_votes() is
  'Trigger. Keeps likes and dislikes of comments as differences: one update a comment and statement.';

revoke all on function governance.count_comment_votes() from public;

-- Object: governance/functions/count_votes.sql
create or replace function governance.count_votes()
returns trigger
language plpgsql
-- Fires for whoever writes a ballot; the tally is nobody's to write.
security definer
set search_path = ''
as $$
declare
  change record;
begin
  -- Shard by shard in the order of their keys: two statements with many ballots each do not deadlock.
  if tg_op = 'INSERT' then
    for change in
      select
        added.proposal_id,
        governance.tally_shard(added.voter_id) as shard,
        added.vote_type,
        count(*)::integer as votes,
        sum(added.voting_power) as power
      from added
      group by 1, 2, 3
      order by 1, 2, 3
    loop
      perform governance.add_to_tally(change.proposal_id, change.shard, change.vote_type, change.votes, change.power);
    end loop;
  elsif tg_op = 'DELETE' then
    for change in
      select
        removed.proposal_id,
        governance.tally_shard(removed.voter_id) as shard,
        removed.vote_type,
        -count(*)::integer as votes,
        -sum(removed.voting_power) as power
      from removed
      group by 1, 2, 3
      order by 1, 2, 3
    loop
      perform governance.add_to_tally(change.proposal_id, change.shard, change.vote_type, change.votes, change.power);
    end loop;
  else
    for change in
      select
        changed.proposal_id,
        governance.tally_shard(changed.voter_id) as shard,
        changed.vote_type,
        sum(changed.step)::integer as votes,
        sum(changed.step * changed.voting_power) as power
      from (
        select added.proposal_id, added.voter_id, added.vote_type, added.voting_power, 1 as step from added
        union all
        select removed.proposal_id, removed.voter_id, removed.vote_type, removed.voting_power, -1 from removed
      ) as changed
      group by 1, 2, 3
      having sum(changed.step) <> 0 or sum(changed.step * changed.voting_power) <> 0
      order by 1, 2, 3
    loop
      perform governance.add_to_tally(change.proposal_id, change.shard, change.vote_type, change.votes, change.power);
    end loop;
  end if;
  return null;
end
$$;

comment on function governance.count_votes() is
  'Trigger. Keeps the running tally as differences: an update for each choice that changed in a shard. Ballots of a proposal that is closed find no shard, and the result that was written down stays.';

revoke all on function governance.count_votes() from public;

-- Object: governance/functions/create_proposal.sql
create or replace function governance.create_proposal(
  p_token_id uuid,
  p_title text,
  p_description text,
  p_type text default 'general',
  p_metadata jsonb default '{}',
  p_key text default null
)
returns governance.proposals
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_token_id, p_title, p_description, p_type, p_metadata);
  earlier jsonb;
  proposal governance.proposals;
begin
  earlier := core.recall('governance.create_proposal', p_key, arguments);
  if earlier is not null then
    select * into proposal from governance.proposals as made where made.id = (earlier ->> 'id')::uuid;
    return proposal;
  end if;

  perform governance.known_token(p_token_id, true);
  if coalesce(
    (
      select holding.voting_power
      from governance.user_tokens as holding
      where holding.user_id = me and holding.token_id = p_token_id
    ),
    0
  ) < core.setting_decimal('governance.min_power_to_propose') then
    perform core.fail('proposal.power_too_low');
  end if;
  perform governance.check_proposal(p_type, p_metadata);

  insert into governance.proposals (proposer_id, token_id, title, description, type, metadata)
  values (me, p_token_id, core.clean_text(p_title, 300), core.clean_text(p_description, 40000), p_type, p_metadata)
  returning * into proposal;
  perform core.remember('governance.create_proposal', p_key, arguments, jsonb_build_object('id', proposal.id));
  return proposal;
end
$$;

comment on function governance.create_proposal(uuid, text, text, text, jsonb, text) is
  'Drafts a proposal that the holders of a token are to decide; nobody else reads it before it opens. key: send the same again after a lost answer and get the same draft. Needs voting power (setting governance.min_power_to_propose; proposal.power_too_low). Refuses token.unknown, token.retired, proposal.type_unknown, proposal.metadata_too_large. Limits: title 300, description 40,000 characters.';

revoke all on function governance.create_proposal(uuid, text, text, text, jsonb, text) from public;
grant execute on function governance.create_proposal(uuid, text, text, text, jsonb, text) to stoa_member;

-- Object: governance/functions/create_token.sql
create or replace function governance.create_token(
  p_symbol text,
  p_name text,
  p_network text default 'internal',
  p_contract_address text default null,
  p_decimals integer default 18,
  p_display_scale integer default 6,
  p_total_supply numeric default 0,
  p_circulating_supply numeric default 0,
  p_balance_weight numeric default 1,
  p_stake_weight numeric default 1,
  p_description text default null,
  p_image_url text default null
)
returns governance.tokens
language plpgsql
volatile
-- Administrators have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('admin');
  token governance.tokens;
begin
  token.id := core.uuidv7();
  token.symbol := core.clean_text(p_symbol, 16);
  token.name := core.clean_text(p_name, 100);
  token.network := lower(core.clean_text(p_network, 32));
  token.contract_address := core.clean_text(p_contract_address, 128, false);
  token.description := core.clean_text(p_description, 10000, false);
  token.image_url := core.clean_text(p_image_url, 2000, false);
  if token.image_url !~ '^https?://' then
    perform core.fail('input.malformed');
  end if;
  begin
    token.decimals := p_decimals;
    token.display_scale := p_display_scale;
    token.balance_weight := p_balance_weight;
    token.stake_weight := p_stake_weight;
    token.total_supply := p_total_supply;
    token.circulating_supply := p_circulating_supply;
  exception
    when numeric_value_out_of_range then
      perform core.fail('token.figures_invalid');
  end;
  perform governance.check_token(token);

  insert into governance.tokens (
    id, symbol, name, network, contract_address, decimals, display_scale, total_supply, circulating_supply,
    balance_weight, stake_weight, description, image_url
  )
  values (
    token.id, token.symbol, token.name, token.network, token.contract_address, token.decimals, token.display_scale,
    token.total_supply, token.circulating_supply, token.balance_weight, token.stake_weight, token.description,
    token.image_url
  )
  returning * into token;
  perform audit.record('token.create', 'governance.tokens', token.id, null, to_jsonb(token));
  return token;
end
$$;

comment on function governance.create_token(text, text, text, text, integer, integer, numeric, numeric, numeric, numeric, text, text) is
  'Administrators only: registers a token. network is a chain, or internal. A unit of free balance gives balance_weight votes, a staked one stake_weight. Refuses token.figures_invalid, token.symbol_taken and token.contract_taken. Limits: symbol 16, name 100, network 32, contract_address 128, description 10,000 characters; image_url is a web address. Audited.';

revoke all on function governance.create_token(text, text, text, text, integer, integer, numeric, numeric, numeric, numeric, text, text) from public;
grant execute on function governance.create_token(text, text, text, text, integer, integer, numeric, numeric, numeric, numeric, text, text) to stoa_admin;

-- Object: governance/functions/delete_comment.sql
create or replace function governance.delete_comment(p_proposal_id uuid, p_comment_id uuid, p_reason text default null)
returns governance.comments
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000, false);
  comment governance.comments;
begin
  comment := governance.locked_comment(p_proposal_id, p_comment_id);
  if comment.user_id is distinct from me and core.current_role_rank() < 2 then
    perform core.fail('proposal_comment.not_author');
  end if;

  insert into governance.removed_texts (proposal_id, comment_id, content)
  values (p_proposal_id, p_comment_id, comment.content);
  update governance.comments as removed
  set content = '',
      deleted_at = now()
  where removed.proposal_id = p_proposal_id and removed.id = p_comment_id
  returning * into comment;

  if comment.user_id is distinct from me then
    perform audit.record(
      p_action => 'proposal_comment.delete',
      p_resource_type => 'governance.comments',
      p_resource_id => p_comment_id,
      p_reason => why,
      p_resource_key => jsonb_build_object('proposal_id', p_proposal_id, 'id', p_comment_id)
    );
    perform notifications.notify(
      comment.user_id, 'moderation', 'Your comment on a proposal was removed', why,
      jsonb_build_object('proposal_id', p_proposal_id, 'comment_id', p_comment_id)
    );
  end if;
  return comment;
end
$$;

comment on function governance.delete_comment(uuid, uuid, text) is
  E'@name delete_proposal_comment\nMakes a comment a tombstone: its place in the discussion stays, its text is out of reach of everybody but moderators, and gone after 30 days. Its author, or a moderator (proposal_comment.not_author). Refuses proposal.unknown, proposal_comment.unknown and proposal_comment.deleted. A moderator''s deletion is audited, and the author is told the reason.';

revoke all on function governance.delete_comment(uuid, uuid, text) from public;
grant execute on function governance.delete_comment(uuid, uuid, text) to stoa_member;

-- Object: governance/functions/delete_draft.sql
create or replace function governance.delete_draft(p_proposal_id uuid)
returns governance.proposals
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  proposal governance.proposals;
begin
  proposal := governance.own_draft(p_proposal_id);
  delete from governance.proposals as doomed where doomed.id = p_proposal_id;
  return proposal;
end
$$;

comment on function governance.delete_draft(uuid) is
  E'@name delete_proposal_draft\nDeletes a draft of the caller and returns what it was. Refuses proposal.unknown, proposal.not_proposer, and a proposal that has opened: those stay for ever (proposal.not_draft).';

revoke all on function governance.delete_draft(uuid) from public;
grant execute on function governance.delete_draft(uuid) to stoa_member;

-- Object: governance/functions/discussed_proposal.sql
create or replace function governance.discussed_proposal(p_proposal_id uuid)
returns governance.proposals
language plpgsql
stable
set search_path = ''
as $$
declare
  proposal governance.proposals;
begin
  select * into proposal
  from governance.proposals as candidate
  where candidate.id = p_proposal_id and candidate.status <> 'draft';
  if not found then
    perform core.fail('proposal.unknown');
  end if;
  return proposal;
end
$$;

comment on function governance.discussed_proposal(uuid) is
  'Internal. A proposal that can be discussed: any that is no draft. Refuses proposal.unknown.';

revoke all on function governance.discussed_proposal(uuid) from public;

-- Object: governance/functions/edit_comment.sql
create or replace function governance.edit_comment(p_proposal_id uuid, p_comment_id uuid, p_content text)
returns governance.comments
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  new_content constant text := core.clean_text(p_content, 10000);
  comment governance.comments;
begin
  comment := governance.locked_comment(p_proposal_id, p_comment_id);
  if comment.user_id is distinct from me then
    perform core.fail('proposal_comment.not_author');
  end if;
  if new_content = comment.content then
    return comment;
  end if;

  update governance.comments as changed
  set content = new_content,
      edited_at = now()
  where changed.proposal_id = p_proposal_id and changed.id = p_comment_id
  returning * into comment;
  return comment;
end
$$;

comment on function governance.edit_comment(uuid, uuid, text) is
  E'@name edit_proposal_comment\nChanges the text of a comment of the caller (proposal_comment.not_author). Refuses proposal.unknown, proposal_comment.unknown and proposal_comment.deleted. Limit: 10,000 characters.';

revoke all on function governance.edit_comment(uuid, uuid, text) from public;
grant execute on function governance.edit_comment(uuid, uuid, text) to stoa_member;

-- Object: governance/functions/freeze_proposal.sql
create or replace function governance.freeze_proposal()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  changed jsonb;
  allowed text[];
begin
  if tg_op = 'DELETE' then
    if old.status <> 'draft' then
      perform core.fail('proposal.frozen');
    end if;
    return old;
  end if;
  if old.status = 'draft' then
    return new;
  end if;

  -- Whose account is gone has no name here either; everything else is for ever once voting has closed.
  allowed := array['proposer_id', 'updated_at'];
  if old.status = 'active' then
    allowed := allowed || array[
      'status', 'closed_at', 'cancelled_at', 'total_votes', 'yes_votes', 'no_votes', 'abstain_votes', 'yes_power',
      'no_power', 'abstain_power'
    ];
  end if;
  if to_jsonb(new) - allowed is distinct from to_jsonb(old) - allowed
    or (new.proposer_id is distinct from old.proposer_id and new.proposer_id is not null)
    or (old.status = 'active' and new.status = 'draft')
  then
    perform core.fail('proposal.frozen');
  end if;
  return new;
end
$$;

comment on function governance.freeze_proposal() is
  'Trigger. Once voting has opened, text, times, thresholds and frozen power of a proposal do not change, once it has closed neither does the result, and the row stays (proposal.frozen), whoever tries.';

revoke all on function governance.freeze_proposal() from public;

-- Object: governance/functions/keep_voting_power.sql
create or replace function governance.keep_voting_power()
returns trigger
language plpgsql
volatile
-- Fires for whoever writes a holding; weights are read past the policy of tokens.
security definer
set search_path = ''
as $$
declare
  token governance.tokens;
  power numeric;
begin
  if tg_op = 'INSERT' then
    -- A change of the weights recomputes the holdings that it sees. It must not overlook one that is being made.
    select * into token from governance.tokens as candidate where candidate.id = new.token_id for share;
  else
    -- The row is locked by now, so these weights are not older than those of a recomputation that came before.
    select * into token from governance.tokens as candidate where candidate.id = new.token_id;
  end if;

  power := governance.power_of(new.balance, new.staked_balance, token.balance_weight, token.stake_weight);
  if power >= 1e60 then
    perform core.fail('holding.too_large');
  end if;
  if tg_op = 'INSERT' or power <> old.voting_power or new.voting_power <> old.voting_power then
    new.last_updated := now();
  end if;
  new.voting_power := power;
  return new;
end
$$;

comment on function governance.keep_voting_power() is
  'Trigger. Computes the voting power of a holding from its two balances and the weights of its token, whatever was written there. Refuses a power of more than 60 digits before the point (holding.too_large).';

revoke all on function governance.keep_voting_power() from public;

-- Object: governance/functions/known_token.sql
create or replace function governance.known_token(p_token_id uuid, p_active_only boolean default false)
returns governance.tokens
language plpgsql
stable
set search_path = ''
as $$
declare
  token governance.tokens;
begin
  select * into token from governance.tokens as candidate where candidate.id = p_token_id;
  if not found then
    perform core.fail('token.unknown');
  end if;
  if p_active_only and not token.is_active then
    perform core.fail('token.retired');
  end if;
  return token;
end
$$;

comment on function governance.known_token(uuid, boolean) is
  'Internal. A token by its identifier. Refuses token.unknown, and token.retired where only an active one will do.';

revoke all on function governance.known_token(uuid, boolean) from public;

-- Object: governance/functions/locked_comment.sql
create or replace function governance.locked_comment(p_proposal_id uuid, p_comment_id uuid)
returns governance.comments
language plpgsql
volatile
set search_path = ''
as $$
declare
  comment governance.comments;
begin
  perform governance.discussed_proposal(p_proposal_id);
  select * into comment
  from governance.comments as candidate
  where candidate.proposal_id = p_proposal_id and candidate.id = p_comment_id
  for no key update;
  if not found then
    perform core.fail('proposal_comment.unknown');
  end if;
  if comment.deleted_at is not null then
    perform core.fail('proposal_comment.deleted');
  end if;
  return comment;
end
$$;

comment on function governance.locked_comment(uuid, uuid) is
  'Internal. A live comment on a proposal that is no draft, locked for change. Refuses proposal.unknown, proposal_comment.unknown and proposal_comment.deleted.';

revoke all on function governance.locked_comment(uuid, uuid) from public;

-- Object: governance/functions/open_due_proposals.sql
create or replace function governance.open_due_proposals(p_now timestamptz default now(), p_limit integer default 100)
returns integer
language plpgsql
volatile
-- Freezes the holdings of everybody.
security definer
set search_path = ''
as $$
declare
  proposal governance.proposals;
  frozen_power numeric;
  opened integer := 0;
begin
  for proposal in
    select *
    from governance.proposals as due
    where due.status = 'draft'
      and due.voting_start <= p_now
    order by due.voting_start
    limit p_limit
    -- Another worker, or the proposer who is still writing: left for the next minute.
    for update skip locked
  loop
    frozen_power := null;
    if proposal.voting_end > p_now then
      begin
        -- Not user_tokens.voting_power: after a change of weights a job is still working on that.
        with electorate as (
          insert into governance.voting_snapshots (proposal_id, user_id, voting_power)
          select
            proposal.id,
            holding.user_id,
            governance.power_of(holding.balance, holding.staked_balance, token.balance_weight, token.stake_weight)
          from governance.user_tokens as holding
          join governance.tokens as token on token.id = holding.token_id
          where holding.token_id = proposal.token_id
            and governance.power_of(holding.balance, holding.staked_balance, token.balance_weight, token.stake_weight) > 0
          returning voting_power
        )
        select sum(electorate.voting_power)::numeric(78, 18) into frozen_power from electorate;
      exception
        when numeric_value_out_of_range then
          -- More power than 78 digits can hold can never be counted, and must not keep the others from opening.
          frozen_power := null;
      end;
    end if;

    if frozen_power is null then
      update governance.proposals as expired
      set status = 'expired',
          closed_at = now()
      where expired.id = proposal.id;
      perform audit.record('proposal.expire', 'governance.proposals', proposal.id);
      perform notifications.notify(
        proposal.proposer_id, 'proposal', 'Your proposal could not open: ' || proposal.title,
        'Nobody holds voting power in its token, or its period had passed.',
        jsonb_build_object('proposal_id', proposal.id)
      );
    else
      insert into governance.vote_tallies (proposal_id, shard)
      select proposal.id, shard
      from generate_series(0, 15) as shard;
      update governance.proposals as active
      set status = 'active',
          snapshot_at = now(),
          snapshot_power = frozen_power
      where active.id = proposal.id;
      perform audit.record('proposal.open', 'governance.proposals', proposal.id);
      perform notifications.notify(
        proposal.proposer_id, 'proposal', 'Voting is open: ' || proposal.title, null,
        jsonb_build_object('proposal_id', proposal.id)
      );
      opened := opened + 1;
    end if;
  end loop;
  return opened;
end
$$;

comment on function governance.open_due_proposals(timestamptz, integer) is
  'For the worker, every minute: opens the scheduled proposals whose time has come. The power of every holder is frozen in one statement, so a transfer counts on one side or the other, never on both. A proposal whose token nobody holds, or whose period has passed, expires. Can run twice at once and any number of times. Returns how many it opened. Writes a row for each holder.';

revoke all on function governance.open_due_proposals(timestamptz, integer) from public;
grant execute on function governance.open_due_proposals(timestamptz, integer) to stoa_worker;

-- Object: governance/functions/own_draft.sql
create or replace function governance.own_draft(p_proposal_id uuid)
returns governance.proposals
language plpgsql
volatile
set search_path = ''
as $$
declare
  proposal governance.proposals := governance.visible_proposal(p_proposal_id, true);
begin
  if proposal.proposer_id is distinct from core.current_user_id() then
    perform core.fail('proposal.not_proposer');
  end if;
  if proposal.status <> 'draft' then
    perform core.fail('proposal.not_draft');
  end if;
  return proposal;
end
$$;

comment on function governance.own_draft(uuid) is
  'Internal. A draft of the caller, locked for change: it cannot open meanwhile. Refuses proposal.unknown, proposal.not_proposer and proposal.not_draft.';

revoke all on function governance.own_draft(uuid) from public;

-- Object: governance/functions/power_of.sql
create or replace function governance.power_of(
  p_balance numeric,
  p_staked_balance numeric,
  p_balance_weight numeric,
  p_stake_weight numeric
)
returns numeric
language sql
immutable
parallel safe
begin atomic
  select round(p_balance * p_balance_weight + p_staked_balance * p_stake_weight, 18);
end;

comment on function governance.power_of(numeric, numeric, numeric, numeric) is
  'Internal. The voting power of a holding, exact to 18 decimals.';

revoke all on function governance.power_of(numeric, numeric, numeric, numeric) from public;

-- Object: governance/functions/proposals_due_for_repair.sql
create or replace function governance.proposals_due_for_repair(p_since timestamptz, p_sample integer default 100)
returns setof uuid
language plpgsql
stable
rows 100
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
begin
  return query
    select proposal.id
    from governance.proposals as proposal
    where proposal.status = 'active'
    union
    select comment.proposal_id
    from governance.comments as comment
    where comment.updated_at >= p_since
    union
    (select proposal.id from governance.proposals as proposal where proposal.status <> 'draft' order by random() limit p_sample);
end
$$;

comment on function governance.proposals_due_for_repair(timestamptz, integer) is
  'For the worker: the proposals whose counters the nightly check recounts, namely those that are voted on, those with a comment that changed since p_since, and a random sample of the rest. Scans proposals and comments once.';

revoke all on function governance.proposals_due_for_repair(timestamptz, integer) from public;
grant execute on function governance.proposals_due_for_repair(timestamptz, integer) to stoa_worker;

-- Object: governance/functions/proposals_my_ballot.sql
create or replace function governance.proposals_my_ballot(p_proposal governance.proposals)
returns governance.votes
language sql
stable
set search_path = ''
begin atomic
  select ballot
  from governance.votes as ballot
  where ballot.proposal_id = p_proposal.id
    and ballot.voter_id = core.current_user_id();
end;

comment on function governance.proposals_my_ballot(governance.proposals) is
  'The caller''s ballot on the proposal, or null. One look-up by primary key, under row-level security.';

revoke all on function governance.proposals_my_ballot(governance.proposals) from public;
grant execute on function governance.proposals_my_ballot(governance.proposals) to stoa_member;

-- Object: governance/functions/proposals_my_power.sql
create or replace function governance.proposals_my_power(p_proposal governance.proposals)
returns numeric
language sql
stable
set search_path = ''
begin atomic
  select holder.voting_power
  from governance.voting_snapshots as holder
  where holder.proposal_id = p_proposal.id
    and holder.user_id = core.current_user_id();
end;

comment on function governance.proposals_my_power(governance.proposals) is
  'The power that the caller has in this vote, frozen at its opening; null for none. One look-up by primary key, under row-level security.';

revoke all on function governance.proposals_my_power(governance.proposals) from public;
grant execute on function governance.proposals_my_power(governance.proposals) to stoa_member;

-- Object: governance/functions/react_comment.sql
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

-- Object: governance/functions/recompute_power.sql
create or replace function governance.recompute_power(
  p_token_id uuid,
  p_after uuid default null,
  p_limit integer default 5000
)
returns uuid
language plpgsql
volatile
-- The worker has no grants on holdings.
security definer
set search_path = ''
as $$
declare
  token governance.tokens;
  holders uuid[];
begin
  perform governance.known_token(p_token_id);

  -- Locked in the order in which transfers lock.
  select array_agg(locked.user_id order by locked.user_id) into holders
  from (
    select holding.user_id
    from governance.user_tokens as holding
    where holding.token_id = p_token_id
      and holding.user_id > coalesce(p_after, '00000000-0000-0000-0000-000000000000')
    order by holding.user_id
    limit p_limit
    for no key update
  ) as locked;

  select * into token from governance.tokens as candidate where candidate.id = p_token_id;
  -- The trigger computes; it is only told which rows.
  update governance.user_tokens as holding
  set voting_power = 0
  where holding.token_id = p_token_id
    and holding.user_id = any (holders)
    and holding.voting_power
      <> governance.power_of(holding.balance, holding.staked_balance, token.balance_weight, token.stake_weight);

  return case when cardinality(holders) = p_limit then holders[p_limit] end;
end
$$;

comment on function governance.recompute_power(uuid, uuid, integer) is
  'For the worker, after the weights of a token changed: computes the displayed voting power of up to p_limit holders after p_after anew, and returns the last one, or null when there are no more. Writes only what differs; each call is a transaction of the caller. Snapshots do not wait for it: they are computed from balances and weights. Refuses token.unknown.';

revoke all on function governance.recompute_power(uuid, uuid, integer) from public;
grant execute on function governance.recompute_power(uuid, uuid, integer) to stoa_worker;

-- Object: governance/functions/removed_comment_text.sql
create or replace function governance.removed_comment_text(p_proposal_id uuid, p_comment_id uuid)
returns text
language plpgsql
stable
-- No role of the API has a grant on the removed texts.
security definer
set search_path = ''
as $$
begin
  perform core.require_role('moderator');
  return (
    select kept.content
    from governance.removed_texts as kept
    where kept.proposal_id = p_proposal_id and kept.comment_id = p_comment_id
  );
end
$$;

comment on function governance.removed_comment_text(uuid, uuid) is
  E'@name removed_proposal_comment_text\nModerators only: what a deleted comment on a proposal said; null when it is not deleted, or gone after 30 days.';

revoke all on function governance.removed_comment_text(uuid, uuid) from public;
grant execute on function governance.removed_comment_text(uuid, uuid) to stoa_moderator;

-- Object: governance/functions/repair_counters.sql
create or replace function governance.repair_counters(p_proposal_ids uuid[])
returns integer
language plpgsql
volatile
-- The worker has no grants on these tables.
security definer
set search_path = ''
as $$
declare
  wrong record;
  repaired integer := 0;
begin
  -- Rows are locked first and counted in a later statement: one statement that does both keeps its old snapshot while
  -- it waits for a lock, and would overwrite what was counted meanwhile.
  perform
  from governance.vote_tallies as tally
  where tally.proposal_id = any (p_proposal_ids)
  order by tally.proposal_id, tally.shard
  for no key update;
  for wrong in
    select tally.proposal_id, tally.shard, cached.name, cached.value, cached.true_value
    from governance.vote_tallies as tally
    cross join lateral (
      select
        count(*) filter (where ballot.vote_type = 'yes') as yes_votes,
        count(*) filter (where ballot.vote_type = 'no') as no_votes,
        count(*) filter (where ballot.vote_type = 'abstain') as abstain_votes,
        coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'yes'), 0) as yes_power,
        coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'no'), 0) as no_power,
        coalesce(sum(ballot.voting_power) filter (where ballot.vote_type = 'abstain'), 0) as abstain_power
      from governance.votes as ballot
      where ballot.proposal_id = tally.proposal_id
        and governance.tally_shard(ballot.voter_id) = tally.shard
    ) as counted
    cross join lateral (
      values
        ('yes_votes', tally.yes_votes::numeric, counted.yes_votes::numeric),
        ('no_votes', tally.no_votes::numeric, counted.no_votes::numeric),
        ('abstain_votes', tally.abstain_votes::numeric, counted.abstain_votes::numeric),
        ('yes_power', tally.yes_power, counted.yes_power),
        ('no_power', tally.no_power, counted.no_power),
        ('abstain_power', tally.abstain_power, counted.abstain_power)
    ) as cached (name, value, true_value)
    where tally.proposal_id = any (p_proposal_ids)
      and cached.value <> cached.true_value
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    values (
      'governance.vote_tallies.' || wrong.name,
      jsonb_build_object('proposal_id', wrong.proposal_id, 'shard', wrong.shard),
      wrong.value,
      wrong.true_value
    );
    execute format('update governance.vote_tallies set %I = $1 where proposal_id = $2 and shard = $3', wrong.name)
    using wrong.true_value, wrong.proposal_id, wrong.shard;
    repaired := repaired + 1;
  end loop;

  perform
  from governance.comments as comment
  where comment.proposal_id = any (p_proposal_ids)
  order by comment.proposal_id, comment.id
  for no key update;
  for wrong in
    select comment.proposal_id, comment.id, cached.name, cached.value, cached.true_value
    from governance.comments as comment
    cross join lateral (
      select
        (count(*) filter (where reaction.value = 1))::integer as likes,
        (count(*) filter (where reaction.value = -1))::integer as dislikes
      from governance.comment_votes as reaction
      where reaction.proposal_id = comment.proposal_id and reaction.comment_id = comment.id
    ) as counted
    cross join lateral (
      values ('likes', comment.likes, counted.likes), ('dislikes', comment.dislikes, counted.dislikes)
    ) as cached (name, value, true_value)
    where comment.proposal_id = any (p_proposal_ids)
      and cached.value <> cached.true_value
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    values (
      'governance.comments.' || wrong.name,
      jsonb_build_object('proposal_id', wrong.proposal_id, 'id', wrong.id),
      wrong.value,
      wrong.true_value
    );
    execute format('update governance.comments set %I = $1 where proposal_id = $2 and id = $3', wrong.name)
    using wrong.true_value, wrong.proposal_id, wrong.id;
    repaired := repaired + 1;
  end loop;
  return repaired;
end
$$;

comment on function governance.repair_counters(uuid[]) is
  'For the worker: recounts the running tallies and the reactions to the comments of these proposals, corrects what is wrong, writes each difference to ops.counter_repairs and returns how many figures it corrected. Voters on these proposals wait meanwhile: call it with some proposals at a time. Results that were written down when voting closed are not touched.';

revoke all on function governance.repair_counters(uuid[]) from public;
grant execute on function governance.repair_counters(uuid[]) to stoa_worker;

-- Object: governance/functions/schedule_proposal.sql
create or replace function governance.schedule_proposal(
  p_proposal_id uuid,
  p_start timestamptz,
  p_end timestamptz,
  p_quorum numeric default 0.2,
  p_approval numeric default 0.5
)
returns governance.proposals
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  notice constant interval := '1 hour';
  me constant uuid := core.require_member();
  proposal governance.proposals;
begin
  if p_start is null
    or p_end is null
    or not isfinite(p_start)
    or not isfinite(p_end)
    or p_start < now() + notice
    or p_end < p_start + interval '1 day'
    or p_end > p_start + interval '30 days'
  then
    perform core.fail('proposal.period_invalid');
  end if;
  if coalesce(
    p_quorum not between 0 and 1
    or p_approval not between 0 and 1
    or p_quorum <> round(p_quorum, 6)
    or p_approval <> round(p_approval, 6),
    true
  ) then
    perform core.fail('proposal.threshold_invalid');
  end if;
  proposal := governance.own_draft(p_proposal_id);
  perform governance.known_token(proposal.token_id, true);

  update governance.proposals as changed
  set voting_start = p_start,
      voting_end = p_end,
      quorum_threshold = p_quorum,
      approval_threshold = p_approval
  where changed.id = p_proposal_id
  returning * into proposal;
  return proposal;
end
$$;

comment on function governance.schedule_proposal(uuid, timestamptz, timestamptz, numeric, numeric) is
  'Says when voting on a draft of the caller opens (start, an hour from now or later) and closes (end, 1 to 30 days after start), which fraction of all power must take part (quorum) and which fraction of yes among yes and no carries it (approval). Can be said anew until voting opens. Refuses proposal.period_invalid, proposal.threshold_invalid, proposal.unknown, proposal.not_proposer, proposal.not_draft and token.retired.';

revoke all on function governance.schedule_proposal(uuid, timestamptz, timestamptz, numeric, numeric) from public;
grant execute on function governance.schedule_proposal(uuid, timestamptz, timestamptz, numeric, numeric) to stoa_member;

-- Object: governance/functions/stake.sql
create or replace function governance.stake(p_token_id uuid, p_amount numeric)
returns governance.user_tokens
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  holding governance.user_tokens;
begin
  perform governance.check_amount(governance.known_token(p_token_id), p_amount);
  select * into holding
  from governance.user_tokens as candidate
  where candidate.user_id = me and candidate.token_id = p_token_id
  for no key update;
  if not found or holding.balance < p_amount then
    perform core.fail('holding.insufficient');
  end if;

  update governance.user_tokens as changed
  set balance = changed.balance - p_amount,
      staked_balance = changed.staked_balance + p_amount
  where changed.user_id = me and changed.token_id = p_token_id
  returning * into holding;
  return holding;
end
$$;

comment on function governance.stake(uuid, numeric) is
  E'@name stake_tokens\nMoves an amount from the caller''s free balance to the staked one, which may weigh more in votes that open later; votes that are open keep the power of their opening. Refuses token.unknown, token.amount_invalid and holding.insufficient. One row, under its lock.';

revoke all on function governance.stake(uuid, numeric) from public;
grant execute on function governance.stake(uuid, numeric) to stoa_member;

-- Object: governance/functions/tally.sql
create or replace function governance.tally(
  p_proposal_id uuid,
  out total_votes integer,
  out yes_votes integer,
  out no_votes integer,
  out abstain_votes integer,
  out yes_power numeric,
  out no_power numeric,
  out abstain_power numeric,
  out snapshot_power numeric,
  out is_final boolean
)
language plpgsql
stable
-- No role of the API has a grant on the running tally.
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  proposal governance.proposals := governance.visible_proposal(p_proposal_id);
begin
  snapshot_power := proposal.snapshot_power;
  is_final := proposal.status in ('passed', 'rejected', 'expired');

  if proposal.status <> 'active' then
    total_votes := proposal.total_votes;
    yes_votes := proposal.yes_votes;
    no_votes := proposal.no_votes;
    abstain_votes := proposal.abstain_votes;
    yes_power := proposal.yes_power;
    no_power := proposal.no_power;
    abstain_power := proposal.abstain_power;
    return;
  end if;

  if not governance.ballots_are_open() or core.current_role_rank() < 1 then
    perform core.fail('tally.hidden');
  end if;
  select
    sum(shards.yes_votes + shards.no_votes + shards.abstain_votes)::integer,
    sum(shards.yes_votes)::integer, sum(shards.no_votes)::integer, sum(shards.abstain_votes)::integer,
    sum(shards.yes_power), sum(shards.no_power), sum(shards.abstain_power)
  into
    tally.total_votes, tally.yes_votes, tally.no_votes, tally.abstain_votes,
    tally.yes_power, tally.no_power, tally.abstain_power
  from governance.vote_tallies as shards
  where shards.proposal_id = p_proposal_id;
end
$$;

comment on function governance.tally(uuid) is
  E'@name proposal_tally\nThe result of a proposal in ballots and in power, and the power that could take part. While voting is open it is the running result, which members see only where the setting governance.open_ballots allows it (tally.hidden). Refuses proposal.unknown. Reads sixteen rows while voting is open, one afterwards.';

revoke all on function governance.tally(uuid) from public;
grant execute on function governance.tally(uuid) to stoa_anonymous;

-- Object: governance/functions/tally_shard.sql
create or replace function governance.tally_shard(p_voter_id uuid)
returns smallint
language sql
immutable
parallel safe
begin atomic
  select (uuid_hash_extended(p_voter_id, 0) & 15)::smallint;
end;

comment on function governance.tally_shard(uuid) is
  'Internal. The shard of the running tally that counts the ballots of a person, from 0 to 15: always the same, so that a changed ballot is taken from where it was added.';

revoke all on function governance.tally_shard(uuid) from public;

-- Object: governance/functions/top_holders.sql
create or replace function governance.top_holders(
  p_token_id uuid,
  p_after text default null,
  p_first integer default 25
)
returns table (user_id uuid, voting_power numeric)
language plpgsql
stable
rows 25
-- Members read their own holdings only; of others they may know the power, not the balances.
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  after_power numeric;
  after_id uuid;
begin
  perform governance.visible_token(p_token_id);
  if p_after is not null then
    if p_after !~* '^[0-9]{1,60}(\.[0-9]{1,18})?:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
      perform core.fail('input.malformed');
    end if;
    after_power := split_part(p_after, ':', 1)::numeric;
    after_id := split_part(p_after, ':', 2)::uuid;
  end if;

  return query
    select holding.user_id, holding.voting_power
    from governance.user_tokens as holding
    where holding.token_id = p_token_id
      and holding.voting_power > 0
      and holding.voting_power <= coalesce(after_power, 1e60)
      and (p_after is null or holding.voting_power < after_power or holding.user_id > after_id)
    order by holding.voting_power desc, holding.user_id
    limit least(greatest(coalesce(p_first, 25), 1), 100);
end
$$;

comment on function governance.top_holders(uuid, text, integer) is
  E'@simpleCollections only\nThe holders of a token by voting power, the largest first. after: "POWER:USER_ID" of the last row of the page before. first: 1 to 100. Refuses token.unknown, and input.malformed for a place of another form. Reads as many index entries as it returns rows.';

revoke all on function governance.top_holders(uuid, text, integer) from public;
grant execute on function governance.top_holders(uuid, text, integer) to stoa_member;

-- Object: governance/functions/unstake.sql
create or replace function governance.unstake(p_token_id uuid, p_amount numeric)
returns governance.user_tokens
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  holding governance.user_tokens;
begin
  perform governance.check_amount(governance.known_token(p_token_id), p_amount);
  select * into holding
  from governance.user_tokens as candidate
  where candidate.user_id = me and candidate.token_id = p_token_id
  for no key update;
  if not found or holding.staked_balance < p_amount then
    perform core.fail('holding.insufficient');
  end if;

  update governance.user_tokens as changed
  set balance = changed.balance + p_amount,
      staked_balance = changed.staked_balance - p_amount
  where changed.user_id = me and changed.token_id = p_token_id
  returning * into holding;
  return holding;
end
$$;

comment on function governance.unstake(uuid, numeric) is
  E'@name unstake_tokens\nMoves an amount from the caller''s staked balance back to the free one. Votes that are open keep the power of their opening. Refuses token.unknown, token.amount_invalid and holding.insufficient. One row, under its lock.';

revoke all on function governance.unstake(uuid, numeric) from public;
grant execute on function governance.unstake(uuid, numeric) to stoa_member;

-- Object: governance/functions/update_proposal.sql
create or replace function governance.update_proposal(p_proposal_id uuid, p_patch jsonb)
returns governance.proposals
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  proposal governance.proposals;
begin
  perform core.check_patch(p_patch, array['title', 'description', 'type', 'metadata']);
  proposal := governance.own_draft(p_proposal_id);

  proposal.title := core.patch_text(p_patch, 'title', proposal.title, 300);
  proposal.description := core.patch_text(p_patch, 'description', proposal.description, 40000);
  if num_nulls(proposal.title, proposal.description) > 0 then
    perform core.fail('input.empty');
  end if;
  if p_patch ? 'type' then
    proposal.type := p_patch ->> 'type';
  end if;
  if p_patch ? 'metadata' then
    proposal.metadata := p_patch -> 'metadata';
  end if;
  perform governance.check_proposal(proposal.type, proposal.metadata);

  update governance.proposals as changed
  set title = proposal.title,
      description = proposal.description,
      type = proposal.type,
      metadata = proposal.metadata
  where changed.id = p_proposal_id
  returning * into proposal;
  return proposal;
end
$$;

comment on function governance.update_proposal(uuid, jsonb) is
  'Changes title, description, type or metadata of a draft of the caller, scheduled or not. Refuses proposal.unknown, proposal.not_proposer, a proposal that has opened (proposal.not_draft), proposal.type_unknown and proposal.metadata_too_large. Limits: title 300, description 40,000 characters.';

revoke all on function governance.update_proposal(uuid, jsonb) from public;
grant execute on function governance.update_proposal(uuid, jsonb) to stoa_member;

-- Object: governance/functions/update_token.sql
create or replace function governance.update_token(p_token_id uuid, p_patch jsonb)
returns governance.tokens
language plpgsql
volatile
-- Administrators have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('admin');
  before governance.tokens;
  after governance.tokens;
begin
  perform core.check_patch(
    p_patch,
    array[
      'name', 'description', 'image_url', 'display_scale', 'total_supply', 'circulating_supply', 'balance_weight',
      'stake_weight', 'is_active'
    ]
  );
  select * into before from governance.tokens as candidate where candidate.id = p_token_id for no key update;
  if not found then
    perform core.fail('token.unknown');
  end if;

  after := before;
  after.name := core.patch_text(p_patch, 'name', before.name, 100);
  after.description := core.patch_text(p_patch, 'description', before.description, 10000);
  after.image_url := core.patch_text(p_patch, 'image_url', before.image_url, 2000);
  if after.name is null then
    perform core.fail('input.empty');
  end if;
  if after.image_url !~ '^https?://' then
    perform core.fail('input.malformed');
  end if;
  if p_patch ? 'is_active' then
    if jsonb_typeof(p_patch -> 'is_active') <> 'boolean' then
      perform core.fail('input.malformed');
    end if;
    after.is_active := (p_patch ->> 'is_active')::boolean;
  end if;
  begin
    -- An amount of more than 15 digits comes as a text: a JSON number may have lost its last ones on the way.
    if p_patch ? 'display_scale' then after.display_scale := (p_patch ->> 'display_scale')::smallint; end if;
    if p_patch ? 'total_supply' then after.total_supply := (p_patch ->> 'total_supply')::numeric; end if;
    if p_patch ? 'circulating_supply' then after.circulating_supply := (p_patch ->> 'circulating_supply')::numeric; end if;
    if p_patch ? 'balance_weight' then after.balance_weight := (p_patch ->> 'balance_weight')::numeric; end if;
    if p_patch ? 'stake_weight' then after.stake_weight := (p_patch ->> 'stake_weight')::numeric; end if;
  exception
    when numeric_value_out_of_range or invalid_text_representation then
      perform core.fail('token.figures_invalid');
  end;
  perform governance.check_token(after);

  if (after.balance_weight, after.stake_weight) <> (before.balance_weight, before.stake_weight) then
    if exists (
      select
      from governance.user_tokens as holding
      where holding.token_id = p_token_id
        and governance.power_of(holding.balance, holding.staked_balance, after.balance_weight, after.stake_weight) >= 1e60
    ) then
      perform core.fail('holding.too_large');
    end if;
    perform core.enqueue(
      'governance_recompute_power',
      json_build_object('tokenId', p_token_id),
      'governance_recompute_power:' || p_token_id
    );
  end if;

  update governance.tokens as token
  set name = after.name,
      description = after.description,
      image_url = after.image_url,
      is_active = after.is_active,
      display_scale = after.display_scale,
      total_supply = after.total_supply,
      circulating_supply = after.circulating_supply,
      balance_weight = after.balance_weight,
      stake_weight = after.stake_weight
  where token.id = p_token_id
  returning * into after;
  perform audit.record('token.update', 'governance.tokens', p_token_id, to_jsonb(before), to_jsonb(after));
  return after;
end
$$;

comment on function governance.update_token(uuid, jsonb) is
  'Administrators only: changes a token. The patch may name name, description, image_url, display_scale, total_supply, circulating_supply, balance_weight, stake_weight and is_active (false retires the token: no new proposals). Figures may come as texts, and large ones should. New weights count for every proposal that opens from now on; the displayed powers follow by job. Proposals that are open keep their snapshot. Refuses token.unknown, token.figures_invalid, and weights under which a power would not fit (holding.too_large). Audited.';

revoke all on function governance.update_token(uuid, jsonb) from public;
grant execute on function governance.update_token(uuid, jsonb) to stoa_admin;

-- Object: governance/functions/visible_proposal.sql
create or replace function governance.visible_proposal(p_proposal_id uuid, p_lock boolean default false)
returns governance.proposals
language plpgsql
volatile
set search_path = ''
as $$
declare
  proposal governance.proposals;
begin
  if p_lock then
    select * into proposal from governance.proposals as candidate where candidate.id = p_proposal_id for no key update;
  else
    select * into proposal from governance.proposals as candidate where candidate.id = p_proposal_id;
  end if;
  if proposal.id is null
    or (
      proposal.status = 'draft'
      and proposal.proposer_id is distinct from core.current_user_id()
      and core.current_role_rank() < 2
    )
  then
    perform core.fail('proposal.unknown');
  end if;
  return proposal;
end
$$;

comment on function governance.visible_proposal(uuid, boolean) is
  'Internal. A proposal that the caller may read, locked for change where asked for: the policies of governance.proposals for one. Refuses proposal.unknown.';

revoke all on function governance.visible_proposal(uuid, boolean) from public;

-- Object: governance/functions/visible_token.sql
create or replace function governance.visible_token(p_token_id uuid)
returns governance.tokens
language plpgsql
stable
set search_path = ''
as $$
declare
  token governance.tokens := governance.known_token(p_token_id);
begin
  if not token.is_active
    and core.current_role_rank() < 2
    and not exists (
      select
      from governance.user_tokens as holding
      where holding.user_id = core.current_user_id() and holding.token_id = p_token_id
    )
  then
    perform core.fail('token.unknown');
  end if;
  return token;
end
$$;

comment on function governance.visible_token(uuid) is
  'Internal. A token that the caller may read: the policies of governance.tokens for one. Refuses token.unknown.';

revoke all on function governance.visible_token(uuid) from public;

-- Object: governance/functions/votable_proposal.sql
create or replace function governance.votable_proposal(p_proposal_id uuid)
returns governance.proposals
language plpgsql
volatile
set search_path = ''
as $$
declare
  proposal governance.proposals := governance.visible_proposal(p_proposal_id);
begin
  -- Looked at before the lock as well, so that late voters do not keep the worker from closing.
  for attempt in 1..2 loop
    if proposal.status is distinct from 'active'
      or clock_timestamp() < proposal.voting_start
      or clock_timestamp() >= proposal.voting_end
    then
      perform core.fail('proposal.closed');
    end if;
    exit when attempt = 2;
    -- Shared: voters do not wait for one another, closing waits for all of them.
    select * into proposal from governance.proposals as candidate where candidate.id = p_proposal_id for share;
  end loop;
  return proposal;
end
$$;

comment on function governance.votable_proposal(uuid) is
  'Internal. A proposal that is being voted on, held open until the caller''s transaction ends. The clock decides and not the state alone, so a late worker gives nobody more time. Refuses proposal.unknown and proposal.closed.';

revoke all on function governance.votable_proposal(uuid) from public;

-- Object: governance/functions/withdraw_vote.sql
create or replace function governance.withdraw_vote(p_proposal_id uuid)
returns governance.votes
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  ballot governance.votes;
begin
  perform governance.votable_proposal(p_proposal_id);
  delete from governance.votes as cast_before
  where cast_before.proposal_id = p_proposal_id and cast_before.voter_id = me
  returning * into ballot;
  if not found then
    perform core.fail('ballot.unknown');
  end if;
  return ballot;
end
$$;

comment on function governance.withdraw_vote(uuid) is
  'Takes the caller''s ballot back while voting is open, and returns what it was. Refuses proposal.unknown, proposal.closed, and ballot.unknown where there is none.';

revoke all on function governance.withdraw_vote(uuid) from public;
grant execute on function governance.withdraw_vote(uuid) to stoa_member;

-- Object: governance/triggers/comment_votes.count_delete.sql
create or replace trigger count_delete
after delete on governance.comment_votes
referencing old table as removed
for each statement
execute function governance.count_comment_votes();

comment on trigger count_delete on governance.comment_votes is 'Keeps likes and dislikes of the comment.';

-- Object: governance/triggers/comment_votes.count_insert.sql
create or replace trigger count_insert
after insert on governance.comment_votes
referencing new table as added
for each statement
execute function governance.count_comment_votes();

comment on trigger count_insert on governance.comment_votes is 'Keeps likes and dislikes of the comment.';

-- Object: governance/triggers/comment_votes.count_update.sql
create or replace trigger count_update
after update on governance.comment_votes
referencing old table as removed new table as added
for each statement
execute function governance.count_comment_votes();

comment on trigger count_update on governance.comment_votes is 'Keeps likes and dislikes of the comment.';

-- Object: governance/triggers/comments.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on governance.comments
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on governance.comments is 'Keeps updated_at.';

-- Object: governance/triggers/proposals.keep_frozen.sql
create or replace trigger keep_frozen
before update or delete on governance.proposals
for each row
execute function governance.freeze_proposal();

comment on trigger keep_frozen on governance.proposals is 'What is voted on does not change.';

-- Object: governance/triggers/proposals.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on governance.proposals
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on governance.proposals is 'Keeps updated_at.';

-- Object: governance/triggers/tokens.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on governance.tokens
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on governance.tokens is 'Keeps updated_at.';

-- Object: governance/triggers/user_tokens.keep_voting_power.sql
create or replace trigger keep_voting_power
before insert or update on governance.user_tokens
for each row
execute function governance.keep_voting_power();

comment on trigger keep_voting_power on governance.user_tokens is 'The voting power is what balances and weights say.';

-- Object: governance/triggers/user_tokens.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on governance.user_tokens
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on governance.user_tokens is 'Keeps updated_at.';

-- Object: governance/triggers/votes.count_delete.sql
create or replace trigger count_delete
after delete on governance.votes
referencing old table as removed
for each statement
execute function governance.count_votes();

comment on trigger count_delete on governance.votes is 'Keeps the running tally of the proposal.';

-- Object: governance/triggers/votes.count_insert.sql
create or replace trigger count_insert
after insert on governance.votes
referencing new table as added
for each statement
execute function governance.count_votes();

comment on trigger count_insert on governance.votes is 'Keeps the running tally of the proposal.';

-- Object: governance/triggers/votes.count_update.sql
create or replace trigger count_update
after update on governance.votes
referencing old table as removed new table as added
for each statement
execute function governance.count_votes();

comment on trigger count_update on governance.votes is 'Keeps the running tally of the proposal.';

-- Object: governance/triggers/votes.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on governance.votes
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on governance.votes is 'Keeps updated_at.';

-- Object: governance/policies/comment_votes.sql
revoke all on governance.comment_votes from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on governance.comment_votes to stoa_member;

drop policy if exists own on governance.comment_votes;
create policy own on governance.comment_votes
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on governance.comment_votes is 'Members read their own reactions.';

drop policy if exists all_for_admins on governance.comment_votes;
create policy all_for_admins on governance.comment_votes
for select
to stoa_admin
using (true);

comment on policy all_for_admins on governance.comment_votes is 'Administrators read every reaction, to look into manipulation.';

-- Object: governance/policies/comments.sql
revoke all on governance.comments from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on governance.comments to stoa_anonymous;

drop policy if exists published on governance.comments;
create policy published on governance.comments
for select
to stoa_anonymous
using (
  (
    select true
    from governance.proposals as proposal
    where proposal.id = comments.proposal_id
      and proposal.status <> 'draft'
  )
);

comment on policy published on governance.comments is 'Whoever may read a proposal that has left the draft reads its discussion, deleted comments as tombstones without text.';

drop policy if exists staff on governance.comments;
create policy staff on governance.comments
for select
to stoa_moderator
using (true);

comment on policy staff on governance.comments is 'Staff of the platform reads every comment.';

-- Object: governance/policies/proposals.sql
revoke all on governance.proposals from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on governance.proposals to stoa_anonymous;

drop policy if exists published on governance.proposals;
create policy published on governance.proposals
for select
to stoa_anonymous
using (status <> 'draft');

comment on policy published on governance.proposals is 'Everybody reads every proposal that has left the draft.';

drop policy if exists own on governance.proposals;
create policy own on governance.proposals
for select
to stoa_member
using (proposer_id = (select core.current_user_id()));

comment on policy own on governance.proposals is 'Members read their own drafts.';

drop policy if exists staff on governance.proposals;
create policy staff on governance.proposals
for select
to stoa_moderator
using (true);

comment on policy staff on governance.proposals is 'Staff of the platform reads drafts as well.';

-- Object: governance/policies/removed_texts.sql
-- No API role reads or writes this table; procedures do.
revoke all on governance.removed_texts from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- Object: governance/policies/tokens.sql
revoke all on governance.tokens from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on governance.tokens to stoa_anonymous;

drop policy if exists active on governance.tokens;
create policy active on governance.tokens
for select
to stoa_anonymous
using (is_active);

comment on policy active on governance.tokens is 'Everybody reads the tokens that are in use.';

drop policy if exists held on governance.tokens;
create policy held on governance.tokens
for select
to stoa_member
using (
  id = any (array(
    select holding.token_id
    from governance.user_tokens as holding
    where holding.user_id = (select core.current_user_id())
  ))
);

comment on policy held on governance.tokens is 'Members read the tokens that they hold, retired ones too.';

drop policy if exists staff on governance.tokens;
create policy staff on governance.tokens
for select
to stoa_moderator
using (true);

comment on policy staff on governance.tokens is 'Staff of the platform reads every token.';

-- Object: governance/policies/user_tokens.sql
revoke all on governance.user_tokens from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on governance.user_tokens to stoa_member;

drop policy if exists own on governance.user_tokens;
create policy own on governance.user_tokens
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on governance.user_tokens is 'Members read their own holdings; the power of others through governance.top_holders.';

drop policy if exists all_for_admins on governance.user_tokens;
create policy all_for_admins on governance.user_tokens
for select
to stoa_admin
using (true);

comment on policy all_for_admins on governance.user_tokens is 'Administrators read every holding.';

-- Object: governance/policies/vote_tallies.sql
-- No API role reads or writes this table; procedures do.
revoke all on governance.vote_tallies from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- Object: governance/policies/votes.sql
-- No policy for administrators: while voting is open, nobody reads the ballots of others.
revoke all on governance.votes from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on governance.votes to stoa_anonymous;

drop policy if exists closed on governance.votes;
create policy closed on governance.votes
for select
to stoa_anonymous
using (
  (
    select true
    from governance.proposals as proposal
    where proposal.id = votes.proposal_id
      and proposal.status in ('passed', 'rejected', 'expired')
  )
);

comment on policy closed on governance.votes is 'Once voting has closed, everybody can check the count.';

drop policy if exists own on governance.votes;
create policy own on governance.votes
for select
to stoa_member
using (voter_id = (select core.current_user_id()));

comment on policy own on governance.votes is 'Members read their own ballots.';

drop policy if exists open_ballots on governance.votes;
create policy open_ballots on governance.votes
for select
to stoa_member
using ((select governance.ballots_are_open()));

comment on policy open_ballots on governance.votes is 'Members read ballots while voting is open where the setting governance.open_ballots says so.';

-- Object: governance/policies/voting_snapshots.sql
revoke all on governance.voting_snapshots from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on governance.voting_snapshots to stoa_member;

drop policy if exists own on governance.voting_snapshots;
create policy own on governance.voting_snapshots
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on governance.voting_snapshots is 'Members read their own power in a vote.';

drop policy if exists closed on governance.voting_snapshots;
create policy closed on governance.voting_snapshots
for select
to stoa_member
using (
  (
    select true
    from governance.proposals as proposal
    where proposal.id = voting_snapshots.proposal_id
      and proposal.status in ('passed', 'rejected', 'expired')
  )
);

comment on policy closed on governance.voting_snapshots is 'Once voting has closed, members can check the electorate.';

drop policy if exists all_for_admins on governance.voting_snapshots;
create policy all_for_admins on governance.voting_snapshots
for select
to stoa_admin
using (true);

comment on policy all_for_admins on governance.voting_snapshots is 'Administrators read every electorate.';

-- End of objects

-- Down Migration

drop policy all_for_admins on governance.voting_snapshots;
drop policy closed on governance.voting_snapshots;
drop policy own on governance.voting_snapshots;
drop policy open_ballots on governance.votes;
drop policy own on governance.votes;
drop policy closed on governance.votes;
drop policy all_for_admins on governance.user_tokens;
drop policy own on governance.user_tokens;
drop policy staff on governance.tokens;
drop policy held on governance.tokens;
drop policy active on governance.tokens;
drop policy staff on governance.proposals;
drop policy own on governance.proposals;
drop policy published on governance.proposals;
drop policy staff on governance.comments;
drop policy published on governance.comments;
drop policy all_for_admins on governance.comment_votes;
drop policy own on governance.comment_votes;
drop trigger touch_updated_at on governance.votes;
drop trigger count_update on governance.votes;
drop trigger count_insert on governance.votes;
drop trigger count_delete on governance.votes;
drop trigger touch_updated_at on governance.user_tokens;
drop trigger keep_voting_power on governance.user_tokens;
drop trigger touch_updated_at on governance.tokens;
drop trigger touch_updated_at on governance.proposals;
drop trigger keep_frozen on governance.proposals;
drop trigger touch_updated_at on governance.comments;
drop trigger count_update on governance.comment_votes;
drop trigger count_insert on governance.comment_votes;
drop trigger count_delete on governance.comment_votes;
drop function governance.withdraw_vote(uuid);
drop function governance.votable_proposal(uuid);
drop function governance.visible_token(uuid);
drop function governance.visible_proposal(uuid, boolean);
drop function governance.update_token(uuid, jsonb);
drop function governance.update_proposal(uuid, jsonb);
drop function governance.unstake(uuid, numeric);
drop function governance.top_holders(uuid, text, integer);
drop function governance.tally_shard(uuid);
drop function governance.tally(uuid);
drop function governance.stake(uuid, numeric);
drop function governance.schedule_proposal(uuid, timestamptz, timestamptz, numeric, numeric);
drop function governance.repair_counters(uuid[]);
drop function governance.removed_comment_text(uuid, uuid);
drop function governance.recompute_power(uuid, uuid, integer);
drop function governance.react_comment(uuid, uuid, integer);
drop function governance.proposals_my_power(governance.proposals);
drop function governance.proposals_my_ballot(governance.proposals);
drop function governance.proposals_due_for_repair(timestamptz, integer);
drop function governance.power_of(numeric, numeric, numeric, numeric);
drop function governance.own_draft(uuid);
drop function governance.open_due_proposals(timestamptz, integer);
drop function governance.locked_comment(uuid, uuid);
drop function governance.known_token(uuid, boolean);
drop function governance.keep_voting_power();
drop function governance.freeze_proposal();
drop function governance.edit_comment(uuid, uuid, text);
drop function governance.discussed_proposal(uuid);
drop function governance.delete_draft(uuid);
drop function governance.delete_comment(uuid, uuid, text);
drop function governance.create_token(text, text, text, text, integer, integer, numeric, numeric, numeric, numeric, text, text);
drop function governance.create_proposal(uuid, text, text, text, jsonb, text);
drop function governance.count_votes();
drop function governance.count_comment_votes();
drop function governance.count_and_close(governance.proposals, boolean);
drop function governance.comments_my_reaction(governance.comments);
drop function governance.close_due_proposals(timestamptz, integer);
drop function governance.check_token(governance.tokens);
drop function governance.check_proposal(text, jsonb);
drop function governance.check_amount(governance.tokens, numeric);
drop function governance.change_balance(uuid, uuid, numeric);
drop function governance.cast_vote(uuid, text, text);
drop function governance.cancel_proposal(uuid, text);
drop function governance.ballots_are_open();
drop function governance.add_to_tally(uuid, smallint, text, integer, numeric);
drop function governance.add_reactions(uuid, uuid, integer, integer);
drop function governance.add_comment(uuid, text, uuid, text);
revoke all on table governance.comment_votes from stoa_member;
revoke all on table governance.comments from stoa_anonymous;
revoke all on table governance.proposals from stoa_anonymous;
revoke all on table governance.tokens from stoa_anonymous;
revoke all on table governance.user_tokens from stoa_member;
revoke all on table governance.votes from stoa_anonymous;
revoke all on table governance.voting_snapshots from stoa_member;
