create or replace function tracker.locked_comment(p_comment_id uuid)
returns tracker.comments
language plpgsql
volatile
set search_path = ''
as $$
declare
  comment tracker.comments;
begin
  select * into comment from tracker.comments as candidate where candidate.id = p_comment_id;
  if not found then
    perform core.fail('torrent_comment.unknown');
  end if;
  -- What it is about before the comment itself.
  perform from tracker.requests as request where request.id = comment.request_id for no key update;
  perform from tracker.collections as collection where collection.id = comment.collection_id for no key update;
  perform from tracker.torrent_statistics as statistics where statistics.torrent_id = comment.torrent_id for no key update;
  select * into comment from tracker.comments as candidate where candidate.id = p_comment_id for no key update;
  if not found or comment.deleted_at is not null then
    perform core.fail('torrent_comment.unknown');
  end if;
  if comment.author_id is distinct from core.current_user_id() and core.current_role_rank() < 2 then
    perform core.fail('torrent_comment.not_author');
  end if;
  return comment;
end
$$;

comment on function tracker.locked_comment(uuid) is
  'Internal. A live comment, locked with what it is about, for its author or staff. Refuses torrent_comment.unknown and torrent_comment.not_author.';

revoke all on function tracker.locked_comment(uuid) from public;
