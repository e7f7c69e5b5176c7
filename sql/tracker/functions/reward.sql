create or replace function tracker.reward(p_user_id uuid, p_event text, p_torrent_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  rule tracker.bonus_rules;
begin
  if p_user_id is null or p_torrent_id is null then
    return;
  end if;
  for rule in
    select candidate.*
    from tracker.bonus_rules as candidate
    where candidate.event = p_event
      and candidate.is_active
      and (candidate.starts_at is null or candidate.starts_at <= now())
      and (candidate.ends_at is null or candidate.ends_at > now())
      and (
        not candidate.conditions ? 'min_size_bytes'
        or exists (
          select
          from tracker.torrents as torrent
          where torrent.id = p_torrent_id
            and torrent.size_bytes >= (candidate.conditions ->> 'min_size_bytes')::numeric
        )
      )
    order by candidate.id
  loop
    begin
      perform tracker.post_bonus(
        p_user_id, rule.amount, 'earned', rule.id, p_torrent_id => p_torrent_id, p_description => rule.name
      );
    exception
      -- Paid for this torrent before: bonus_transactions_rule_torrent_key.
      when unique_violation then null;
    end;
  end loop;
end
$$;

comment on function tracker.reward(uuid, text, uuid) is
  'Internal. Pays a person by the active rules of an event, for one torrent: once for each rule, whatever happens to the torrent afterwards. Nothing is refused.';

revoke all on function tracker.reward(uuid, text, uuid) from public;
