create or replace function tracker.propose_fill(p_request_id uuid, p_torrent_id uuid)
returns tracker.requests
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  torrent tracker.torrents;
  request tracker.requests;
begin
  perform core.require_unrestricted('tracker');
  -- Before the request, as everything in this module locks: its row stays until this is decided.
  select * into torrent from tracker.torrents as candidate where candidate.id = p_torrent_id for key share;
  torrent := tracker.visible_torrent(p_torrent_id, true);
  request := tracker.open_request(p_request_id);
  if torrent.category_id <> all (array(select tracker.category_ids(request.category_id))) then
    perform core.fail('request.category_mismatch');
  end if;

  update tracker.requests as target
  set status = 'fill_proposed',
      filled_torrent_id = p_torrent_id,
      filled_by = me,
      filled_at = now()
  where target.id = p_request_id
  returning * into request;
  perform notifications.notify(
    request.requester_id, 'request_fill', 'Your request may be filled: ' || request.title,
    'Look at the torrent, then confirm or reject it.',
    jsonb_build_object('request_id', p_request_id, 'torrent_id', p_torrent_id), me
  );
  return request;
end
$$;

comment on function tracker.propose_fill(uuid, uuid) is
  E'@name propose_request_fill\nProposes a torrent, approved and active, of the category of the request or one under it, as what was wanted. The requester is told, and has tracker.confirm_hours to answer; silence is consent. One proposal at a time. Refuses torrent.unknown, request.unknown, request.fill_proposed, request.closed and request.category_mismatch.';

revoke all on function tracker.propose_fill(uuid, uuid) from public;
grant execute on function tracker.propose_fill(uuid, uuid) to stoa_member;
