create or replace function moderation.resolve_item(
  p_item_id uuid,
  p_action text,
  p_reason text default null,
  p_note text default null,
  p_warning_points integer default null,
  p_ban_type text default null,
  p_ban_until timestamptz default null,
  p_removes_content boolean default false
)
returns moderation.queue_items
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  told constant text := core.clean_text(p_reason, 1000, false);
  remark constant text := core.clean_text(p_note, 4000, false);
  removes constant boolean := p_action = 'removed' or coalesce(p_removes_content, false);
  offender_id uuid;
  item moderation.queue_items;
  reporters uuid[];
  reporter uuid;
begin
  if p_action is null
    or p_action not in ('none', 'removed', 'warned', 'banned', 'edited')
    or (p_action = 'none' and removes)
    or (p_action = 'banned') <> (p_ban_type is not null)
    or (p_action = 'warned' and p_warning_points is null)
    or (p_action not in ('warned', 'banned') and p_warning_points is not null)
    or (p_ban_until is not null and p_ban_type is null)
  then
    perform core.fail('report.action_invalid');
  end if;

  -- Lock order: the person first.
  select candidate.subject_user_id into offender_id
  from moderation.queue_items as candidate
  where candidate.id = p_item_id;
  perform from core.users as person where person.id = offender_id for no key update;
  item := moderation.locked_item(p_item_id);
  if item.queue_type <> 'investigation' then
    perform core.fail('queue.wrong_type');
  end if;
  if moderation.is_claimed(item) and item.assigned_to <> me and core.current_role_rank() < 3 then
    perform core.fail('queue.taken');
  end if;
  if offender_id is null and p_action in ('warned', 'banned') then
    perform core.fail('report.no_offender');
  end if;

  if p_warning_points is not null then
    perform moderation.warn_user(
      offender_id, p_warning_points, told,
      (
        select report.id
        from moderation.reports as report
        where report.queue_item_id = p_item_id and report.subject_user_id = offender_id
        order by report.id
        limit 1
      ),
      p_staff_note => remark
    );
  end if;
  if p_ban_type is not null then
    perform moderation.ban_user(offender_id, p_ban_type, told, p_ban_until, remark);
  end if;

  -- A report that came in while this waited for the item is here as well; one that comes later begins a new item.
  with closed as (
    update moderation.reports as report
    set status = case p_action when 'none' then 'dismissed' else 'resolved' end,
        resolved_by = me,
        resolved_at = clock_timestamp(),
        action_taken = p_action,
        resolution_note = remark
    where report.queue_item_id = p_item_id
      and report.status in ('pending', 'investigating')
    returning report.reporter_id
  )
  select array_agg(distinct closed.reporter_id order by closed.reporter_id)
  into reporters
  from closed
  where closed.reporter_id is not null;
  update moderation.queue_items as target
  set status = 'resolved',
      resolution = case p_action when 'none' then 'dismissed' else 'actioned' end,
      resolved_by = me,
      resolved_at = clock_timestamp(),
      notes = coalesce(remark, target.notes)
  where target.id = p_item_id
  returning * into item;

  perform audit.record(
    'resolve_report', 'moderation.queue_items', p_item_id, null,
    jsonb_build_object(
      'item_type', item.item_type, 'item_id', item.item_id, 'subject_user_id', offender_id, 'action', p_action,
      'warning_points', p_warning_points, 'ban_type', p_ban_type, 'ban_until', p_ban_until, 'removes_content', removes
    ),
    remark
  );
  if removes then
    perform moderation.take_down(item.item_type, item.item_id, item.item_parent_id, told);
  end if;
  foreach reporter in array coalesce(reporters, '{}') loop
    perform notifications.notify(
      reporter, 'moderation',
      'Your report of a ' || (
        select subject.label from core.report_subjects as subject where subject.type = item.item_type
      ) || case p_action when 'none' then ' was looked into' else ' led to action' end,
      null,
      jsonb_build_object('report_type', item.item_type, 'subject_id', item.item_id, 'action', p_action)
    );
  end loop;
  return item;
end
$$;

comment on function moderation.resolve_item(uuid, text, text, text, integer, text, timestamptz, boolean) is
  E'@name resolve_queue_item\n@argument action none, removed, warned, banned or edited.\n@argument ban_until For banned: until when; left out: for ever.\n@argument note For other moderators.\n@argument removes_content Whether what was reported is taken down.\n@argument warning_points For warned: how heavy.\nModerators only: decides an investigation with one of none, removed, warned, banned and edited, the severest of what is done. In one transaction the content is taken down (removed, or with p_removes_content), the person warned (1 to 10 points) and banned (rules of ban_user), the item and all its open reports closed with the same outcome, and the reporters told. p_reason is shown to the person and needed for warning and banning; p_note stays with staff. Refuses queue.unknown, queue.about_you, queue.resolved, queue.taken, queue.wrong_type, report.action_invalid, report.no_offender, report.not_removable, and what warn_user, ban_user and the removal refuse. Audited.';

revoke all on function moderation.resolve_item(uuid, text, text, text, integer, text, timestamptz, boolean) from public;
grant execute on function moderation.resolve_item(uuid, text, text, text, integer, text, timestamptz, boolean) to stoa_moderator;
