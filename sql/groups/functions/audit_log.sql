create or replace function groups.audit_log(p_group_id uuid, p_before uuid default null, p_first integer default 25)
returns table (id uuid, actor_id uuid, action text, resource_type text, resource_id uuid, old_values jsonb, new_values jsonb, reason text, at timestamptz)
language plpgsql
stable
rows 25
-- The log is readable to the staff of the platform; its addresses are left out here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  perform groups.known_group(p_group_id);
  perform groups.require_permission(p_group_id, 'VIEW_AUDIT_LOG');
  return query
    select
      entry.id, entry.actor_id, entry.action::text, entry.resource_type::text, entry.resource_id,
      entry.old_values, entry.new_values, entry.reason::text, core.uuidv7_time(entry.id)
    from audit.logs as entry
    where entry.group_id = p_group_id
      and entry.id < coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
    order by entry.id desc
    limit groups.page_size(p_first);
end
$$;

comment on function groups.audit_log(uuid, uuid, integer) is
  E'@name group_audit_log\n@returns group_audit_entry\n@column id Identifier of the entry, by which it is paged.\n@column action What was done.\n@column actor_id Who did it.\n@column at When.\n@column new_values What it was changed to.\n@column old_values What it was before.\n@column reason Why, as they said.\n@column resource_id What it was done to.\n@column resource_type The kind of thing that it was done to.\nWhat was done in a group, the newest first: one page of at most 100 entries; before is the id of the last entry of the page before. Needs VIEW_AUDIT_LOG (group.not_allowed). Refuses group.unknown. One index range.';

revoke all on function groups.audit_log(uuid, uuid, integer) from public;
grant execute on function groups.audit_log(uuid, uuid, integer) to stoa_member;
