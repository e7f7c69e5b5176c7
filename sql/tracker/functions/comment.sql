create or replace function tracker.comment(
  p_subject_type text,
  p_subject_id uuid,
  p_content text,
  p_key text default null
)
returns tracker.comments
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_subject_type, p_subject_id, p_content);
  earlier jsonb;
  told_id uuid;
  title text;
  comment tracker.comments;
begin
  perform core.require_unrestricted('tracker');
  perform core.require_unrestricted('posting');
  earlier := core.recall('tracker.comment', p_key, arguments);
  if earlier is not null then
    select * into comment from tracker.comments as made where made.id = (earlier ->> 'id')::uuid;
    return comment;
  end if;

  -- What it is about is held first, as everything in this module locks: its counter follows.
  case p_subject_type
    when 'torrent' then
      perform from tracker.torrents as candidate where candidate.id = p_subject_id for key share;
      select seen.uploader_id, seen.name into told_id, title from tracker.visible_torrent(p_subject_id) as seen;
    when 'request' then
      select seen.requester_id, seen.title into told_id, title from tracker.locked_request(p_subject_id) as seen;
    when 'collection' then
      select seen.owner_id, seen.name into told_id, title from tracker.locked_collection(p_subject_id) as seen;
    else
      perform core.fail('torrent_comment.subject_unknown');
  end case;

  insert into tracker.comments (torrent_id, request_id, collection_id, author_id, content)
  values (
    case when p_subject_type = 'torrent' then p_subject_id end,
    case when p_subject_type = 'request' then p_subject_id end,
    case when p_subject_type = 'collection' then p_subject_id end,
    me,
    core.clean_text(p_content, 10000)
  )
  returning * into comment;
  perform notifications.notify(
    told_id, 'torrent_comment', 'Somebody commented on ' || title, left(comment.content, 200),
    jsonb_build_object('subject_type', p_subject_type, 'subject_id', p_subject_id, 'comment_id', comment.id),
    me, p_subject_type || ':' || p_subject_id || ':comments'
  );
  perform core.remember('tracker.comment', p_key, arguments, jsonb_build_object('id', comment.id));
  return comment;
end
$$;

comment on function tracker.comment(text, uuid, text, text) is
  E'@name create_torrent_comment\n@argument subject_type torrent, request or collection.\n@argument subject_id Identifier of the Torrent, TorrentRequest or Collection.\nComments on a torrent, a request or a collection (subject_type), which the caller may read; whose it is is told. key: send the same again after a lost answer and get the same comment. Refuses torrent_comment.subject_unknown, torrent.unknown, request.unknown, collection.unknown, and who is barred from the tracker or from posting (account.activity_barred). Limit: 10,000 characters.';

revoke all on function tracker.comment(text, uuid, text, text) from public;
grant execute on function tracker.comment(text, uuid, text, text) to stoa_member;
