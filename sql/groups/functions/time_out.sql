create or replace function groups.time_out(
  p_group_id uuid,
  p_user_id uuid,
  p_until timestamptz default null,
  p_reason text default null
)
returns groups.group_members
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 512, false);
  target_group groups.groups;
  before groups.group_members;
  after groups.group_members;
begin
  target_group := groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MODERATE_MEMBERS');
  if p_until <= clock_timestamp() or p_until > now() + interval '28 days' then
    perform core.fail('group_member.until_invalid');
  end if;
  before := groups.require_membership(p_group_id, p_user_id);
  perform groups.require_above(p_group_id, p_user_id);
  if p_until is not null
    and groups.permissions_of(p_group_id, p_user_id) & groups.permission('ADMINISTRATOR') <> 0
  then
    perform core.fail('group_member.administrator');
  end if;
  update groups.group_members as member
  set muted_until = p_until
  where member.group_id = p_group_id and member.user_id = p_user_id
  returning * into after;
  perform audit.record(
    'time_out_group_member', 'groups.group_members', p_user_id,
    jsonb_build_object('muted_until', before.muted_until), jsonb_build_object('muted_until', after.muted_until), why, p_group_id,
    jsonb_build_object('group_id', p_group_id, 'user_id', p_user_id)
  );
  if p_until is not null then
    perform notifications.notify(
      p_user_id, 'moderation', 'You have a time-out in the group ' || target_group.name, why,
      jsonb_build_object('group_id', p_group_id, 'muted_until', p_until)
    );
  end if;
  return after;
end
$$;

comment on function groups.time_out(uuid, uuid, timestamptz, text) is
  E'@name time_out_group_member\nLets a member only look and listen until a time, at most 28 days ahead; without a time it ends a time-out. Needs MODERATE_MEMBERS (group.not_allowed) and a higher rank (group.hierarchy). Refuses somebody who does not belong (group_member.unknown), administrators, on whom it would have no effect (group_member.administrator), and another time (group_member.until_invalid). Limit: reason 512 characters. Audited; the person is told.';

revoke all on function groups.time_out(uuid, uuid, timestamptz, text) from public;
grant execute on function groups.time_out(uuid, uuid, timestamptz, text) to stoa_member;
