create or replace function workspace.check_owned_limit(p_user_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('workspace.owned:' || p_user_id, 0));
  if (
    select count(*) from workspace.projects as owned where owned.owner_id = p_user_id and owned.deleted_at is null
  ) >= core.setting_integer('workspace.owned_limit') then
    perform core.fail('project.limit_reached');
  end if;
end
$$;

comment on function workspace.check_owned_limit(uuid) is
  'Internal. Refuses (project.limit_reached) another project for somebody who owns as many as the setting workspace.owned_limit allows. Two at once for one person wait for each other.';

revoke all on function workspace.check_owned_limit(uuid) from public;
