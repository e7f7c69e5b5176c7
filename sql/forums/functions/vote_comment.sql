create or replace function forums.vote_comment(
  p_comment_id uuid,
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
  comment forums.comments;
  post forums.posts;
begin
  if p_direction is null or p_direction not in (-1, 0, 1) then
    perform core.fail('vote.direction_invalid');
  end if;
  select * into comment from forums.comments as candidate where candidate.id = p_comment_id;
  if not found then
    perform core.fail('comment.unknown');
  end if;
  select * into post from forums.posts as candidate where candidate.id = comment.post_id;
  perform forums.readable_forum(post.forum_id, 'comment.unknown');
  if post.deleted_at is not null then
    perform core.fail('post.deleted');
  end if;
  select * into comment from forums.comments as candidate where candidate.id = p_comment_id for no key update;
  if not found then
    perform core.fail('comment.unknown');
  end if;
  if comment.deleted_at is not null then
    perform core.fail('comment.deleted');
  end if;

  if p_direction = 0 then
    delete from forums.comment_votes as vote
    where vote.comment_id = p_comment_id
      and vote.user_id = me;
  else
    insert into forums.comment_votes as existing (comment_id, user_id, direction)
    values (p_comment_id, me, p_direction)
    on conflict (comment_id, user_id) do update
    set direction = excluded.direction
    where existing.direction <> excluded.direction;
  end if;

  select voted.score into vote_comment.score from forums.comments as voted where voted.id = p_comment_id;
  vote_comment.mine := p_direction;
end
$$;

comment on function forums.vote_comment(uuid, integer) is
  E'@returns comment_tally\n@resultFieldName tally\n@column mine The vote of the caller: 1, -1, or 0 for none.\n@column score Up-votes less down-votes.\nVotes on a comment: 1 up, -1 down, 0 withdraws. The same vote again changes nothing. Returns the score and the caller''s vote. Refuses vote.direction_invalid, comment.unknown, comment.deleted, post.deleted and forum.banned. One vote row and one update of the comment; votes on one comment queue up.';

revoke all on function forums.vote_comment(uuid, integer) from public;
grant execute on function forums.vote_comment(uuid, integer) to stoa_member;
