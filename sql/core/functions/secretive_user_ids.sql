create or replace function core.secretive_user_ids()
returns setof uuid
language sql
stable
rows 1000
-- Settings are private; a policy has to know this one fact.
security definer
set search_path = ''
begin atomic
  select user_id
  from core.user_settings
  where paranoia_level >= 3;
end;

comment on function core.secretive_user_ids() is
  E'@internal\n@behavior -*\nPeople who show nothing of what they earned (paranoia level 3 and more), for a policy: write x not in (select core.secretive_user_ids()), which is hashed once a statement. One range of a partial index.';

revoke all on function core.secretive_user_ids() from public;
grant execute on function core.secretive_user_ids() to stoa_anonymous, stoa_worker;
