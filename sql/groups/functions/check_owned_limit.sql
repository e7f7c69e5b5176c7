create or replace function groups.check_owned_limit(p_user_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('groups.owned:' || p_user_id, 0));
  if (
    select count(*) from groups.groups as owned where owned.owner_id = p_user_id and owned.deleted_at is null
  ) >= core.setting_integer('groups.owned_limit') then
    perform core.fail('group.limit_reached');
  end if;
end
$$;

comment on function groups.check_owned_limit(uuid) is
  'Internal. Refuses (group.limit_reached) another group for somebody who owns as many as the setting groups.owned_limit allows. Two at once by one person wait for each other.';

revoke all on function groups.check_owned_limit(uuid) from public;
