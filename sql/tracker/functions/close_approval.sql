create or replace function tracker.close_approval(p_torrent_id uuid, p_resolution text, p_note text default null)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  if to_regprocedure('moderation.close_item(text, text, uuid, text, text)') is not null then
    execute $query$ select moderation.close_item('approval', 'torrent', $1, $2, $3) $query$
    using p_torrent_id, p_resolution, p_note;
  end if;
end
$$;

comment on function tracker.close_approval(uuid, text, text) is
  'Internal. Closes the open approval of a torrent, where there is a queue, in the transaction that decides.';

revoke all on function tracker.close_approval(uuid, text, text) from public;
