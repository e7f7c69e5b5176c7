create or replace function tracker.count_comment_deletion()
returns trigger
language plpgsql
-- Fires for whoever deletes a comment; the counters are nobody's to write.
security definer
set search_path = ''
as $$
begin
  perform tracker.add_to_comment_counts(
    array[coalesce(new.torrent_id, new.request_id, new.collection_id)],
    array[case when new.deleted_at is null then 1 else -1 end]
  );
  return null;
end
$$;

comment on function tracker.count_comment_deletion() is
  'Trigger. Keeps comment_count of what a comment is about when it is deleted or brought back.';

revoke all on function tracker.count_comment_deletion() from public;
