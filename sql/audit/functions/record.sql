create or replace function audit.record(
  p_action text,
  p_resource_type text,
  p_resource_id uuid default null,
  p_old_values jsonb default null,
  p_new_values jsonb default null,
  p_reason text default null,
  p_group_id uuid default null,
  p_resource_key jsonb default null
)
returns uuid
language sql
volatile
-- Nobody but the owner may write the log.
security definer
set search_path = ''
begin atomic
  insert into audit.logs (
    actor_id, actor_role, action, resource_type, resource_id, resource_key, group_id,
    old_values, new_values, reason, ip_address, user_agent, request_id
  )
  values (
    core.current_user_id(),
    coalesce(nullif(nullif(current_setting('role', true), ''), 'none'), session_user),
    p_action,
    p_resource_type,
    p_resource_id,
    p_resource_key,
    p_group_id,
    audit.redact(p_old_values),
    audit.redact(p_new_values),
    p_reason,
    nullif(current_setting('stoa.ip', true), '')::inet,
    nullif(current_setting('stoa.user_agent', true), ''),
    nullif(current_setting('stoa.request_id', true), '')::uuid
  )
  returning id;
end;

comment on function audit.record(text, text, uuid, jsonb, jsonb, text, uuid, jsonb) is
  'Writes one entry of the audit log in this transaction: the verb, the table (schema.table) and key of the row, its images before and after without secrets, a reason. Who, in which role and from where is taken from the request. Returns the entry''s id.';

revoke all on function audit.record(text, text, uuid, jsonb, jsonb, text, uuid, jsonb) from public;
grant execute on function audit.record(text, text, uuid, jsonb, jsonb, text, uuid, jsonb) to stoa_worker;
