create or replace function tracker.activate_freeleech(p_torrent_id uuid)
returns tracker.freeleech_tokens
language plpgsql
volatile
-- Tokens are written by procedures only.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  moment timestamptz;
  candidate uuid;
  token tracker.freeleech_tokens;
begin
  perform core.require_unrestricted('tracker');
  if not exists (
    select
    from tracker.torrents as torrent
    where torrent.id = p_torrent_id
      and torrent.moderation_status = 'approved'
      and torrent.is_active
      and torrent.deleted_at is null
  ) then
    perform core.fail('freeleech_token.torrent_unknown');
  end if;

  loop
    moment := clock_timestamp();
    select unspent.id into candidate
    from tracker.freeleech_tokens as unspent
    where unspent.user_id = me
      and unspent.activated_at is null
      and (unspent.use_before is null or unspent.use_before > moment)
    -- What lapses is spent first, then what is oldest.
    order by unspent.use_before nulls last, unspent.granted_at, unspent.id
    limit 1;
    if not found then
      perform core.fail('freeleech_token.none_left');
    end if;
    begin
      update tracker.freeleech_tokens as spent
      set torrent_id = p_torrent_id,
          activated_at = moment,
          expires_at = moment + make_interval(days => core.setting_integer('tracker.bonus.freeleech_days')::integer)
      where spent.id = candidate
        and spent.activated_at is null
      returning * into token;
    exception
      when exclusion_violation then
        perform core.fail('freeleech_token.running');
    end;
    -- Another call of the same person has spent it meanwhile: the next one.
    exit when token.id is not null;
  end loop;
  return token;
end
$$;

comment on function tracker.activate_freeleech(uuid) is
  'Spends the caller''s token that lapses first, or the oldest, on a torrent: for seven days (setting tracker.bonus.freeleech_days) what they download of it is not charged. Refuses freeleech_token.torrent_unknown, freeleech_token.none_left, and freeleech_token.running when one runs on it already, also when both calls come at once.';

revoke all on function tracker.activate_freeleech(uuid) from public;
grant execute on function tracker.activate_freeleech(uuid) to stoa_member;
