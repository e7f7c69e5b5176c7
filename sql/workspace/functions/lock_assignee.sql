create or replace function workspace.lock_assignee(p_project_id uuid, p_user_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  if p_user_id is null then
    return;
  end if;
  -- Before the task, as whoever ends a membership does.
  perform
  from workspace.project_members as member
  where member.project_id = p_project_id and member.user_id = p_user_id
  for key share;
  if not found then
    perform core.fail('task.assignee_not_member');
  end if;
end
$$;

comment on function workspace.lock_assignee(uuid, uuid) is
  'Internal. Keeps a membership from ending while a task is assigned. Refuses somebody who does not take part (task.assignee_not_member).';

revoke all on function workspace.lock_assignee(uuid, uuid) from public;
