create or replace function tracker.private_user_ids()
returns setof uuid
language sql
stable
rows 1000
-- Settings are private; a policy has to know this one fact.
security definer
set search_path = ''
begin atomic
  select settings.user_id
  from core.user_settings as settings
  where settings.paranoia_level >= 2;
end;

comment on function tracker.private_user_ids() is
  E'@internal\n@behavior -*\nPeople who keep their statistics to themselves (paranoia level 2 and more), for a policy: write x not in (select tracker.private_user_ids()), which is hashed once a statement.';

revoke all on function tracker.private_user_ids() from public;
grant execute on function tracker.private_user_ids() to stoa_member;
