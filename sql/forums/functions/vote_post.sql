create or replace function forums.vote_post(
  p_post_id uuid,
  p_direction integer,
  out score integer,
  out mine integer
)
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  me constant uuid := core.require_member();
  post forums.posts;
begin
  if p_direction is null or p_direction not in (-1, 0, 1) then
    perform core.fail('vote.direction_invalid');
  end if;
  -- The post before its votes, as everywhere: a purge of the post and a vote on it cannot wait for each other.
  post := forums.locked_post(p_post_id);
  if post.deleted_at is not null then
    perform core.fail('post.deleted');
  end if;

  if p_direction = 0 then
    delete from forums.post_votes as vote
    where vote.post_id = p_post_id
      and vote.user_id = me;
  else
    insert into forums.post_votes as existing (post_id, user_id, direction)
    values (p_post_id, me, p_direction)
    on conflict (post_id, user_id) do update
    set direction = excluded.direction
    where existing.direction <> excluded.direction;
  end if;

  select voted.score into vote_post.score from forums.posts as voted where voted.id = p_post_id;
  vote_post.mine := p_direction;
end
$$;

comment on function forums.vote_post(uuid, integer) is
  E'@returns post_tally\n@resultFieldName tally\n@column mine The vote of the caller: 1, -1, or 0 for none.\n@column score Up-votes less down-votes.\nVotes on a post: 1 up, -1 down, 0 withdraws. The same vote again changes nothing. Returns the score and the caller''s vote. A locked post can be voted on. Refuses vote.direction_invalid, post.unknown, post.deleted and forum.banned. One vote row and one update of the post; votes on one post queue up.';

revoke all on function forums.vote_post(uuid, integer) from public;
grant execute on function forums.vote_post(uuid, integer) to stoa_member;
