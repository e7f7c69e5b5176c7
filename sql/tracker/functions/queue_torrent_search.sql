create or replace function tracker.queue_torrent_search()
returns trigger
language plpgsql
-- The queue has no grants.
security definer
set search_path = ''
as $$
begin
  perform core.queue_search(
    'torrent',
    new.id,
    case
      when new.moderation_status = 'approved' and new.is_active and new.deleted_at is null then 'index'
      else 'delete'
    end
  );
  return null;
end
$$;

comment on function tracker.queue_torrent_search() is
  'Trigger. Tells the external search engine, if one is switched on, that a torrent is listed, changed, or is not listed any more.';

revoke all on function tracker.queue_torrent_search() from public;
