create or replace function forums.vote_poll(p_post_id uuid, p_positions integer[])
returns setof forums.poll_options
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  chosen constant integer[] := coalesce(p_positions, '{}');
  poll forums.polls;
begin
  perform forums.live_post(p_post_id);
  -- One ballot after the other: of two at once by one person, the second replaces the first.
  select * into poll from forums.polls as candidate where candidate.post_id = p_post_id for no key update;
  if not found then
    perform core.fail('poll.unknown');
  end if;
  if poll.closes_at <= now() then
    perform core.fail('poll.closed');
  end if;
  if (not poll.multiple_choice and cardinality(chosen) > 1)
    or cardinality(chosen) <> (
      select count(*)
      from forums.poll_options as option
      where option.post_id = p_post_id
        and option.position = any (chosen)
    )
  then
    perform core.fail('poll.choice_invalid');
  end if;

  delete from forums.poll_votes as vote
  where vote.post_id = p_post_id
    and vote.user_id = me
    and vote.position <> all (chosen);
  insert into forums.poll_votes (post_id, user_id, position)
  select p_post_id, me, choice.position
  from unnest(chosen) as choice (position)
  on conflict (post_id, user_id, position) do nothing;

  return query
    select option.*
    from forums.poll_options as option
    where option.post_id = p_post_id
    order by option.position;
end
$$;

comment on function forums.vote_poll(uuid, integer[]) is
  E'@argument positions The positions of the chosen options.\nCasts, changes or (with no positions) withdraws the caller''s ballot in a poll, and returns the options with their counts. Refuses post.unknown, forum.banned, a post without a poll (poll.unknown), a closed poll (poll.closed), positions that do not exist or occur twice, and several where one is allowed (poll.choice_invalid). Ballots of one poll queue up.';

revoke all on function forums.vote_poll(uuid, integer[]) from public;
grant execute on function forums.vote_poll(uuid, integer[]) to stoa_member;
