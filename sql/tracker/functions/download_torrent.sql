create or replace function tracker.download_torrent(
  p_torrent_id uuid,
  out torrent_id uuid,
  out name text,
  out info_hash text,
  out torrent_upload_id uuid,
  out passkey_ciphertext bytea,
  out passkey_key_id text
)
language plpgsql
volatile
-- Reads the column with the metainfo file, which nobody is granted.
security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  me constant uuid := core.require_member();
  torrent tracker.torrents;
  totals tracker.user_statistics;
  credential record;
  slots integer;
begin
  perform core.require_unrestricted('tracker');
  torrent := tracker.visible_torrent(p_torrent_id, true);
  if torrent.uploader_id is distinct from me
    and not (torrent.is_freeleech and (torrent.freeleech_until is null or torrent.freeleech_until > now()))
  then
    select * into totals from tracker.user_statistics as held where held.user_id = me;
    if totals.downloaded > core.setting_integer('tracker.ratio_grace_bytes')
      and totals.ratio < core.setting_decimal('tracker.minimum_ratio')
    then
      perform core.fail('torrent.ratio_too_low');
    end if;
    select class.max_concurrent_downloads * case when class.perks & 1 = 1 then 2 else 1 end into slots
    from core.users as person
    join core.user_classes as class on class.id = person.class_id
    where person.id = me;
    if slots is not null and slots <= (
      select count(distinct peer.torrent_id)
      from tracker.peers as peer
      where peer.user_id = me
        and not peer.is_seeder
        and peer.torrent_id <> p_torrent_id
    ) then
      perform core.fail('torrent.slots_used');
    end if;
  end if;

  update tracker.torrent_statistics as statistics
  set download_count = statistics.download_count + 1
  where statistics.torrent_id = p_torrent_id;
  select * into credential from tracker.my_passkey();
  download_torrent.torrent_id := torrent.id;
  download_torrent.name := torrent.name;
  download_torrent.info_hash := encode(torrent.info_hash, 'hex');
  download_torrent.torrent_upload_id := torrent.torrent_upload_id;
  download_torrent.passkey_ciphertext := credential.passkey_ciphertext;
  download_torrent.passkey_key_id := credential.key_id;
end
$$;

comment on function tracker.download_torrent(uuid) is
  E'@behavior -*\nWhat a process needs to hand a member the metainfo file of a torrent: which file it is, and the sealed passkey of the member, to be written into its announce address (null while there is none); counts the download. Only torrents that are approved and active (torrent.unknown). Somebody whose ratio is below tracker.minimum_ratio after tracker.ratio_grace_bytes gets only what is free or their own (torrent.ratio_too_low), and nobody more than their class may download at once (torrent.slots_used). A member who is barred from the tracker is refused (account.activity_barred).';

revoke all on function tracker.download_torrent(uuid) from public;
grant execute on function tracker.download_torrent(uuid) to stoa_member;
