create or replace function tracker.queue_approval(p_torrent tracker.torrents)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  -- The module with the queue may be left out; then moderators find what waits in the catalogue itself.
  if to_regprocedure('moderation.enqueue(text, text, uuid, uuid, uuid, uuid, integer, jsonb)') is not null then
    execute $query$
      select moderation.enqueue(
        'approval', 'torrent', $1, p_submitted_by => $2, p_subject_user_id => $2, p_metadata => jsonb_build_object('name', $3)
      )
    $query$
    using p_torrent.id, p_torrent.uploader_id, p_torrent.name;
  end if;
end
$$;

comment on function tracker.queue_approval(tracker.torrents) is
  'Internal. Puts a torrent into the queue of approvals, where there is one.';

revoke all on function tracker.queue_approval(tracker.torrents) from public;
