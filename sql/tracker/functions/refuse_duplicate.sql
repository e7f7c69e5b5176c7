create or replace function tracker.refuse_duplicate(p_identity tracker.torrents)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  known core.error_codes;
  same tracker.torrents;
begin
  select * into same
  from tracker.torrents as candidate
  where candidate.info_hash = p_identity.info_hash
    or candidate.info_hash_v2 = p_identity.info_hash_v2
  limit 1;
  if not found then
    return;
  end if;
  if core.current_role_rank() < 2
    and same.uploader_id is distinct from core.current_user_id()
    and not (same.moderation_status = 'approved' and same.is_active and same.deleted_at is null)
  then
    perform core.fail('torrent.duplicate');
  end if;

  -- Like core.fail, with the torrent that the uploader should go to instead.
  select * into known from core.error_codes as code where code.reason = 'torrent.duplicate';
  raise exception using
    errcode = known.sqlstate,
    message = known.message || ' It is "' || same.name || '" (' || same.id || ').',
    hint = known.cure,
    detail = known.reason;
end
$$;

comment on function tracker.refuse_duplicate(tracker.torrents) is
  'Internal. Refuses an identity that a torrent has already, in whatever state it is (torrent.duplicate), and names that torrent where the caller may see it. Two look-ups by unique keys.';

revoke all on function tracker.refuse_duplicate(tracker.torrents) from public;
