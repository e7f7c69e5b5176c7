create or replace function tracker.confirm_due_fills(p_now timestamptz default now())
returns integer
language plpgsql
volatile
-- The worker has no right to update.
security definer
set search_path = ''
as $$
declare
  request tracker.requests;
begin
  select * into request
  from tracker.requests as due
  where due.status = 'fill_proposed'
    and due.filled_at <= p_now - make_interval(hours => core.setting_integer('tracker.confirm_hours')::integer)
  order by due.filled_at
  limit 1
  for no key update skip locked;
  if not found then
    return 0;
  end if;

  -- What nobody may have accepted is nobody's consent: no torrent any more, or the requester's own fill.
  if request.filled_by is null
    or request.filled_by = request.requester_id
    or not exists (
      select
      from tracker.torrents as torrent
      where torrent.id = request.filled_torrent_id
        and torrent.moderation_status = 'approved'
        and torrent.deleted_at is null
    )
  then
    update tracker.requests as target
    set status = 'pending',
        filled_torrent_id = null,
        filled_by = null,
        filled_at = null
    where target.id = request.id;
    perform audit.record(
      'reject_fill', 'tracker.requests', request.id,
      jsonb_build_object('filled_by', request.filled_by, 'filled_torrent_id', request.filled_torrent_id), null,
      'Nobody confirmed it, and it cannot count as confirmed.'
    );
    return 1;
  end if;

  request := tracker.pay_fill(request);
  perform audit.record('confirm_fill', 'tracker.requests', request.id, p_reason => 'Nobody answered in time.');
  return 1;
end
$$;

comment on function tracker.confirm_due_fills(timestamptz) is
  'For the worker: accepts one fill that nobody answered for tracker.confirm_hours, the oldest, and pays it; one whose torrent is gone, or that the requester proposed, is put back instead. Returns 1, or 0 when there is none left; call it until then, each time in a transaction of its own. Can run twice at once: each fill is paid once.';

revoke all on function tracker.confirm_due_fills(timestamptz) from public;
grant execute on function tracker.confirm_due_fills(timestamptz) to stoa_worker;
