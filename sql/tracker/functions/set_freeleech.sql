create or replace function tracker.set_freeleech(
  p_torrent_id uuid,
  p_is_freeleech boolean default true,
  p_until timestamptz default null
)
returns tracker.torrents
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  before tracker.torrents;
  torrent tracker.torrents;
begin
  perform core.require_role('moderator');
  if p_is_freeleech is null or p_until is not null and (not p_is_freeleech or p_until <= now()) then
    perform core.fail('torrent.freeleech_invalid');
  end if;
  before := tracker.locked_torrent(p_torrent_id);
  if before.deleted_at is not null then
    perform core.fail('torrent.deleted');
  end if;

  update tracker.torrents as target
  set is_freeleech = p_is_freeleech,
      freeleech_until = p_until
  where target.id = p_torrent_id
  returning * into torrent;
  perform tracker.record_decision(p_torrent_id, 'freeleech', null, tracker.changes_between(before, torrent));
  perform audit.record(
    'set_freeleech', 'tracker.torrents', p_torrent_id, null,
    jsonb_build_object('is_freeleech', p_is_freeleech, 'freeleech_until', p_until)
  );
  return torrent;
end
$$;

comment on function tracker.set_freeleech(uuid, boolean, timestamptz) is
  'Moderators only: makes downloads of a torrent free, for everybody, until a time or for good, or ends that. Refuses torrent.unknown, torrent.deleted, and an end that has passed or belongs to nothing (torrent.freeleech_invalid). Audited.';

revoke all on function tracker.set_freeleech(uuid, boolean, timestamptz) from public;
grant execute on function tracker.set_freeleech(uuid, boolean, timestamptz) to stoa_moderator;
