create or replace function tracker.confirm_fill(p_request_id uuid)
returns tracker.requests
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  request tracker.requests;
begin
  request := tracker.proposed_request(p_request_id);
  if request.filled_by = me or request.filled_by = request.requester_id and core.current_role_rank() < 2 then
    perform core.fail('request.own_fill');
  end if;
  if not exists (
    select
    from tracker.torrents as torrent
    where torrent.id = request.filled_torrent_id
      and torrent.moderation_status = 'approved'
      and torrent.deleted_at is null
  ) then
    perform core.fail('request.torrent_gone');
  end if;

  request := tracker.pay_fill(request);
  if request.requester_id is distinct from me then
    perform audit.record('confirm_fill', 'tracker.requests', p_request_id);
  end if;
  return request;
end
$$;

comment on function tracker.confirm_fill(uuid) is
  E'@name confirm_request_fill\nAccepts the proposed fill and pays the bounty, the contributions of everybody in one sum, to whoever proposed it. The requester or a moderator (request.not_requester); nobody confirms a fill of their own, and that of the requester only a moderator (request.own_fill). Refuses request.unknown, request.closed, request.nothing_proposed, and a torrent that is not there any more (request.torrent_gone). Of a confirmation, a rejection and a cancellation at once the first wins.';

revoke all on function tracker.confirm_fill(uuid) from public;
grant execute on function tracker.confirm_fill(uuid) to stoa_member;
