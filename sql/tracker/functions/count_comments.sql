create or replace function tracker.count_comments()
returns trigger
language plpgsql
-- Fires for whoever comments; the counters are nobody's to write.
security definer
set search_path = ''
as $$
declare
  step constant integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  perform tracker.add_to_comment_counts(
    array_agg(coalesce(changed.torrent_id, changed.request_id, changed.collection_id)),
    array_agg(step)
  )
  from changed
  where changed.deleted_at is null;
  return null;
end
$$;

comment on function tracker.count_comments() is
  'Trigger. Keeps comment_count of torrents, requests and collections when comments are added or removed for good.';

revoke all on function tracker.count_comments() from public;
