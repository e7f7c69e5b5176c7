create or replace function moderation.publish_bans()
returns trigger
language plpgsql
-- Fires for whoever writes a ban; what it keeps is nobody's to write.
security definer
set search_path = ''
as $$
declare
  people uuid[];
  newly_banned uuid;
begin
  if tg_op = 'INSERT' then
    people := array(select distinct added.user_id from added);
  elsif tg_op = 'DELETE' then
    people := array(select distinct removed.user_id from removed);
  else
    people := array(select added.user_id from added union select removed.user_id from removed);
  end if;

  -- Locked first, counted in a later statement: whoever writes a ban of the same person meanwhile is seen.
  perform from core.users as person where person.id = any (people) order by person.id for no key update;

  update core.users as person
  set banned_until = current_ban.until
  from unnest(people) as affected (user_id)
  left join lateral (
    select max(coalesce(ban.expires_at, 'infinity')) as until
    from moderation.bans as ban
    where ban.user_id = affected.user_id
      and ban.ban_type = 'account'
      and ban.lifted_at is null
      and (ban.expires_at is null or ban.expires_at > clock_timestamp())
  ) as current_ban on true
  where person.id = affected.user_id
    and person.banned_until is distinct from current_ban.until;

  delete from core.user_restrictions as restriction
  where restriction.user_id = any (people);
  insert into core.user_restrictions (user_id, activity, until)
  select ban.user_id, ban.ban_type, max(coalesce(ban.expires_at, 'infinity'))
  from moderation.bans as ban
  join core.users as person on person.id = ban.user_id
  where ban.user_id = any (people)
    and ban.ban_type <> 'account'
    and ban.lifted_at is null
    and (ban.expires_at is null or ban.expires_at > clock_timestamp())
  group by ban.user_id, ban.ban_type;

  if tg_op = 'INSERT' then
    for newly_banned in
      select distinct added.user_id
      from added
      where added.ban_type = 'account'
        and added.lifted_at is null
        and (added.expires_at is null or added.expires_at > clock_timestamp())
      order by added.user_id
    loop
      perform auth.end_sessions(newly_banned);
    end loop;
  end if;
  return null;
end
$$;

comment on function moderation.publish_bans() is
  'Trigger. Tells the base what runs: core.users.banned_until is the latest end of the account bans of a person (infinity = for good, null = none), core.user_restrictions has the scoped ones. A new account ban ends all sessions. Nothing has to happen when a ban expires: whoever reads these compares with the clock.';

revoke all on function moderation.publish_bans() from public;
