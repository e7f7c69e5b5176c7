create or replace function ops.resolve_alert(p_name text, p_subject text default '')
returns boolean
language plpgsql
volatile
-- Whoever finds that it is over need not be able to write the table.
security definer
set search_path = ''
as $$
declare
  was_told boolean;
begin
  update ops.alerts as alert
  set resolved_at = now()
  where alert.name = p_name
    and alert.subject = coalesce(p_subject, '')
    and alert.resolved_at is null
  returning alert.delivered_at is not null into was_told;
  if not found then
    return false;
  end if;

  if was_told and to_regclass('graphile_worker.jobs') is not null then
    perform core.enqueue('alert_deliver', '{}', 'alert_deliver');
  end if;
  return true;
end
$$;

comment on function ops.resolve_alert(text, text) is
  'Says that something is no longer the matter: closes the open alert of that name and subject, tells operators who were told of it, and returns whether there was one. One index look-up when there was none.';

revoke all on function ops.resolve_alert(text, text) from public;
grant execute on function ops.resolve_alert(text, text) to stoa_worker;
