-- Why: what is defined in sql/moderation: 32 functions, 9 triggers, policies of 5 tables, as they stand under
--   sql/.
-- Locks: ACCESS EXCLUSIVE, for an instant, on moderation.bans, moderation.point_thresholds,
--   moderation.queue_items, moderation.reports, moderation.warnings (policies); SHARE ROW EXCLUSIVE, for an
--   instant, on moderation.bans, moderation.queue_items, moderation.reports (triggers).
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: moderation/functions/acknowledge_warning.sql
create or replace function moderation.acknowledge_warning(p_warning_id uuid)
returns moderation.warnings
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  warning moderation.warnings;
begin
  update moderation.warnings as target
  set acknowledged_at = coalesce(target.acknowledged_at, now())
  where target.id = p_warning_id
    and target.user_id = me
  returning * into warning;
  if not found then
    perform core.fail('warning.unknown');
  end if;

  warning.staff_note := null;
  return warning;
end
$$;

comment on function moderation.acknowledge_warning(uuid) is
  'Confirms that the caller has read a warning to them; the first time counts. Refuses a warning to somebody else (warning.unknown).';

revoke all on function moderation.acknowledge_warning(uuid) from public;
grant execute on function moderation.acknowledge_warning(uuid) to stoa_member;

-- Object: moderation/functions/active_points.sql
create or replace function moderation.active_points(p_user_id uuid)
returns integer
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(sum(warning.points), 0)
    from moderation.warnings as warning
    where warning.user_id = p_user_id
      and warning.revoked_at is null
      and (warning.expires_at is null or warning.expires_at > clock_timestamp())
  );
end
$$;

comment on function moderation.active_points(uuid) is
  'Internal. The points of somebody''s warnings that count now.';

revoke all on function moderation.active_points(uuid) from public;

-- Object: moderation/functions/appeal.sql
create or replace function moderation.appeal(p_ban_id uuid, p_text text)
returns moderation.bans
language plpgsql
volatile
-- A banned account has the rights of a visitor.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  words text;
  ban moderation.bans;
begin
  if me is null then
    perform core.fail('session.required');
  end if;
  words := core.clean_text(p_text, 4000);

  -- Two appeals at once: the second waits here and finds the first.
  perform
  from core.users as person
  where person.id = me
    and person.is_active
    and person.deleted_at is null
    and person.erased_at is null
  for no key update;
  if not found then
    perform core.fail('account.restricted');
  end if;
  select * into ban from moderation.bans as candidate where candidate.id = p_ban_id and candidate.user_id = me;
  if not found then
    perform core.fail('user_ban.unknown');
  end if;
  if ban.lifted_at is not null or ban.expires_at <= clock_timestamp() then
    perform core.fail('user_ban.not_running');
  end if;
  if ban.appealed_at is not null then
    perform core.fail('user_ban.appealed');
  end if;

  update moderation.bans as target
  set appealed_at = clock_timestamp()
  where target.id = p_ban_id
  returning * into ban;
  perform moderation.enqueue(
    'appeal', 'ban', p_ban_id,
    p_submitted_by => me,
    p_subject_user_id => me,
    p_metadata => jsonb_build_object('text', words)
  );
  perform audit.record('appeal_ban', 'moderation.bans', p_ban_id);

  ban.staff_note := null;
  return ban;
end
$$;

comment on function moderation.appeal(uuid, text) is
  E'@name appeal_ban\nAsks the administrators to lift a running ban of the caller, once per ban, in up to 4,000 characters. The one procedure besides reopening that a banned account may call. Refuses user_ban.unknown, user_ban.not_running, user_ban.appealed, an empty text, and accounts that are disabled, closed or erased (account.restricted). Audited.';

revoke all on function moderation.appeal(uuid, text) from public;
grant execute on function moderation.appeal(uuid, text) to stoa_anonymous;

-- Object: moderation/functions/apply_thresholds.sql
create or replace function moderation.apply_thresholds(p_user_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  total constant integer := moderation.active_points(p_user_id);
  reached moderation.point_thresholds;
  running moderation.bans;
  ends_at timestamptz;
begin
  if not core.setting_boolean('moderation.auto_ban_enabled') then
    return;
  end if;
  select * into reached
  from moderation.point_thresholds as threshold
  where threshold.is_active
    and threshold.points <= total
  order by threshold.points desc
  limit 1;
  if not found then
    return;
  end if;

  ends_at := clock_timestamp() + reached.duration;
  running := moderation.running_ban(p_user_id, reached.ban_type);
  -- A threshold bans once: more points below the next one do not begin its ban anew.
  if running.id is not null
    and (
      running.points >= reached.points
      or coalesce(running.expires_at, 'infinity') >= coalesce(ends_at, 'infinity')
    )
  then
    return;
  end if;

  perform moderation.impose_ban(
    p_user_id, reached.ban_type, format('Warnings with %s points in all.', total), ends_at, null, null, reached.points
  );
end
$$;

comment on function moderation.apply_thresholds(uuid) is
  'Internal. Bans somebody whose row is locked when the points that count reach a threshold: the highest one that is in force decides. Does nothing while the same threshold''s ban, or one that ends no earlier, is running, or when the setting moderation.auto_ban_enabled is off.';

revoke all on function moderation.apply_thresholds(uuid) from public;

-- Object: moderation/functions/assign.sql
create or replace function moderation.assign(p_item_id uuid, p_moderator_id uuid default null)
returns moderation.queue_items
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  assignee constant uuid := coalesce(p_moderator_id, me);
  item moderation.queue_items;
begin
  item := moderation.locked_item(p_item_id);
  if moderation.is_claimed(item) and item.assigned_to <> me and core.current_role_rank() < 3 then
    perform core.fail('queue.taken');
  end if;
  if assignee = item.subject_user_id
    or not exists (
      select
      from core.users as person
      where person.id = assignee
        and (person.role = 'admin' or person.role = 'moderator' and item.queue_type <> 'appeal')
        and person.is_active
        and person.deleted_at is null
        and person.erased_at is null
        and (person.banned_until is null or person.banned_until <= now())
    )
  then
    perform core.fail('queue.assignee_unfit');
  end if;
  return moderation.start_work(p_item_id, assignee);
end
$$;

comment on function moderation.assign(uuid, uuid) is
  E'@name assign_queue_item\nModerators only: takes a certain piece of work, or hands it to another moderator. Of two who take it at once one gets it. Refuses queue.unknown, queue.about_you, queue.resolved, queue.taken (somebody else''s claim that has not lapsed; administrators may reassign it) and queue.assignee_unfit (somebody without the role, whose account is not in force, or whom it is about; appeals need an administrator).';

revoke all on function moderation.assign(uuid, uuid) from public;
grant execute on function moderation.assign(uuid, uuid) to stoa_moderator;

-- Object: moderation/functions/ban_user.sql
create or replace function moderation.ban_user(
  p_user_id uuid,
  p_ban_type text,
  p_reason text,
  p_until timestamptz default null,
  p_staff_note text default null
)
returns moderation.bans
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  why constant text := core.clean_text(p_reason, 1000);
  remark constant text := core.clean_text(p_staff_note, 4000, false);
  ends_at constant timestamptz := nullif(p_until, 'infinity');
  running moderation.bans;
begin
  if p_ban_type is null or p_ban_type not in ('account', 'posting', 'chat', 'tracker') then
    perform core.fail('user_ban.type_unknown');
  end if;
  if ends_at <= clock_timestamp() then
    perform core.fail('user_ban.until_past');
  end if;
  if core.current_role_rank() < 3 then
    if p_ban_type = 'account' then
      perform core.fail('user_ban.admin_only');
    end if;
    if ends_at is null
      or ends_at
        > clock_timestamp() + make_interval(days => core.setting_integer('moderation.moderator_ban_days')::integer)
    then
      perform core.fail('user_ban.too_long');
    end if;
  end if;

  perform moderation.locked_offender(p_user_id);
  running := moderation.running_ban(p_user_id, p_ban_type);
  if running.id is not null
    and coalesce(running.expires_at, 'infinity') >= coalesce(ends_at, 'infinity')
  then
    perform core.fail('user_ban.overlapping');
  end if;
  return moderation.impose_ban(p_user_id, p_ban_type, why, ends_at, me, remark);
end
$$;

comment on function moderation.ban_user(uuid, text, text, timestamptz, text) is
  'Bans somebody until a time, or for good: from everything (account, which also ends their sessions), or from posting, chat or tracker. Moderators: not whole accounts (user_ban.admin_only), and for seven days at most (user_ban.too_long, setting moderation.moderator_ban_days). A weaker ban of the same kind is replaced. Refuses user.unknown, the caller and people of the caller''s role or a higher one (sanction.protected), user_ban.type_unknown, user_ban.until_past, user_ban.overlapping and an empty reason (at most 1,000 characters, shown to the person). Audited; the person is told.';

revoke all on function moderation.ban_user(uuid, text, text, timestamptz, text) from public;
grant execute on function moderation.ban_user(uuid, text, text, timestamptz, text) to stoa_moderator;

-- Object: moderation/functions/claim_next.sql
create or replace function moderation.claim_next(p_queue_type text)
returns moderation.queue_items
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  lapsed_id uuid;
  next_id uuid;
begin
  if p_queue_type is null or p_queue_type not in ('approval', 'investigation', 'appeal') then
    perform core.fail('queue.type_unknown');
  end if;
  if p_queue_type = 'appeal' then
    perform core.require_role('admin');
  end if;

  for lapsed_id in
    select item.id
    from moderation.queue_items as item
    where item.queue_type = p_queue_type
      and item.status = 'in_progress'
      and item.assigned_at
        <= clock_timestamp() - make_interval(hours => core.setting_integer('moderation.claim_hours')::integer)
    order by item.assigned_at
    limit 100
    for no key update skip locked
  loop
    perform moderation.put_back(lapsed_id);
  end loop;

  -- Moderators who ask at the same moment pass over what another is about to get.
  select item.id into next_id
  from moderation.queue_items as item
  where item.queue_type = p_queue_type
    and item.status = 'pending'
    and item.subject_user_id is distinct from me
  order by item.priority desc, item.id
  limit 1
  for no key update skip locked;
  if not found then
    perform core.fail('queue.empty');
  end if;
  return moderation.start_work(next_id, me);
end
$$;

comment on function moderation.claim_next(text) is
  E'@name claim_next_queue_item\nModerators only (appeals: administrators): takes the next piece of work of a queue, highest priority first, then oldest, never one about the caller. Its reports count as investigated. A claim lapses after four hours (setting moderation.claim_hours). Refuses queue.type_unknown and queue.empty. Moderators who ask at once get different ones without waiting for each other.';

revoke all on function moderation.claim_next(text) from public;
grant execute on function moderation.claim_next(text) to stoa_moderator;

-- Object: moderation/functions/close_item.sql
create or replace function moderation.close_item(
  p_queue_type text,
  p_item_type text,
  p_item_id uuid,
  p_resolution text,
  p_note text default null
)
returns uuid
language plpgsql
volatile
-- The procedures that decide (tracker approvals, appeals) close what they decided; nobody has the right to update.
security definer
set search_path = ''
as $$
declare
  closed_id uuid;
begin
  if p_queue_type = 'investigation' then
    raise exception 'investigations are closed with their reports' using errcode = 'XX000';
  end if;

  update moderation.queue_items as item
  set status = 'resolved',
      resolution = p_resolution,
      resolved_by = core.current_user_id(),
      resolved_at = clock_timestamp(),
      notes = coalesce(p_note, item.notes)
  where item.queue_type = p_queue_type
    and item.item_type = p_item_type
    and item.item_id = p_item_id
    and item.status <> 'resolved'
  returning item.id into closed_id;
  return closed_id;
end
$$;

comment on function moderation.close_item(text, text, uuid, text, text) is
  E'@internal\nCloses the open approval or appeal about a thing, in the transaction that decides it, so that no backlog stays behind. Returns the item, or null when none was open.';

revoke all on function moderation.close_item(text, text, uuid, text, text) from public;
grant execute on function moderation.close_item(text, text, uuid, text, text) to stoa_worker;

-- Object: moderation/functions/count_reports.sql
create or replace function moderation.count_reports()
returns trigger
language plpgsql
-- Fires for whoever writes a report; the counter is nobody's to write.
security definer
set search_path = ''
as $$
declare
  item_ids uuid[];
  steps integer[];
begin
  if tg_op = 'INSERT' then
    select array_agg(counted.item_id order by counted.item_id), array_agg(counted.step order by counted.item_id)
    into item_ids, steps
    from (
      select added.queue_item_id as item_id, count(*)::integer as step
      from added
      where added.queue_item_id is not null and added.status in ('pending', 'investigating')
      group by added.queue_item_id
    ) as counted;
  elsif tg_op = 'DELETE' then
    select array_agg(counted.item_id order by counted.item_id), array_agg(counted.step order by counted.item_id)
    into item_ids, steps
    from (
      select removed.queue_item_id as item_id, -count(*)::integer as step
      from removed
      where removed.queue_item_id is not null and removed.status in ('pending', 'investigating')
      group by removed.queue_item_id
    ) as counted;
  else
    select array_agg(counted.item_id order by counted.item_id), array_agg(counted.step order by counted.item_id)
    into item_ids, steps
    from (
      select changed.item_id, sum(changed.step)::integer as step
      from (
        select added.queue_item_id as item_id, 1 as step
        from added
        where added.queue_item_id is not null and added.status in ('pending', 'investigating')
        union all
        select removed.queue_item_id, -1
        from removed
        where removed.queue_item_id is not null and removed.status in ('pending', 'investigating')
      ) as changed
      group by changed.item_id
    ) as counted
    where counted.step <> 0;
  end if;
  if item_ids is null then
    return null;
  end if;

  if cardinality(item_ids) > 1 then
    perform from moderation.queue_items as item where item.id = any (item_ids) order by item.id for no key update;
  end if;
  update moderation.queue_items as item
  set report_count = item.report_count + counted.step
  from unnest(item_ids, steps) as counted (item_id, step)
  where item.id = counted.item_id;
  return null;
end
$$;

comment on function moderation.count_reports() is
  'Trigger. Keeps report_count of queue items, the number of open reports attached: one update an item and statement, items locked in the order of their keys.';

revoke all on function moderation.count_reports() from public;

-- Object: moderation/functions/decide_appeal.sql
create or replace function moderation.decide_appeal(p_item_id uuid, p_is_granted boolean, p_reason text)
returns moderation.queue_items
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('admin');
  why constant text := core.clean_text(p_reason, 500);
  appellant_id uuid;
  item moderation.queue_items;
  ban moderation.bans;
begin
  if p_is_granted is null then
    perform core.fail('input.malformed');
  end if;
  -- Lock order: the person first.
  select candidate.subject_user_id into appellant_id
  from moderation.queue_items as candidate
  where candidate.id = p_item_id;
  perform from core.users as person where person.id = appellant_id for no key update;
  item := moderation.locked_item(p_item_id);
  if item.queue_type <> 'appeal' then
    perform core.fail('queue.wrong_type');
  end if;

  select * into ban from moderation.bans as candidate where candidate.id = item.item_id;
  if p_is_granted and ban.lifted_at is null and (ban.expires_at is null or ban.expires_at > clock_timestamp()) then
    perform moderation.lift_ban(ban.id, why);
  else
    perform moderation.close_item(
      'appeal', 'ban', item.item_id, case when p_is_granted then 'approved' else 'rejected' end, why
    );
    perform notifications.notify(
      item.subject_user_id, 'moderation',
      case when p_is_granted then 'Your appeal was granted' else 'Your appeal was rejected' end,
      why, jsonb_build_object('ban_id', item.item_id)
    );
  end if;
  perform audit.record(
    'decide_appeal', 'moderation.queue_items', p_item_id, null,
    jsonb_build_object('ban_id', item.item_id, 'is_granted', p_is_granted), why
  );

  select * into item from moderation.queue_items as decided where decided.id = p_item_id;
  return item;
end
$$;

comment on function moderation.decide_appeal(uuid, boolean, text) is
  'Administrators only: grants an appeal, which lifts the ban if it still runs, or rejects it. Refuses queue.unknown, queue.about_you, queue.resolved, queue.wrong_type and an empty reason (told to the person). Audited.';

revoke all on function moderation.decide_appeal(uuid, boolean, text) from public;
grant execute on function moderation.decide_appeal(uuid, boolean, text) to stoa_admin;

-- Object: moderation/functions/enqueue.sql
create or replace function moderation.enqueue(
  p_queue_type text,
  p_item_type text,
  p_item_id uuid,
  p_item_parent_id uuid default null,
  p_submitted_by uuid default null,
  p_subject_user_id uuid default null,
  p_priority integer default 0,
  p_metadata jsonb default '{}'
)
returns moderation.queue_items
language plpgsql
volatile
-- Jobs and procedures of other modules add work; nobody has the right to insert.
security definer
set search_path = ''
as $$
declare
  entry moderation.queue_items;
begin
  insert into moderation.queue_items as item (
    queue_type, item_type, item_id, item_parent_id, submitted_by, subject_user_id, priority, metadata
  )
  values (
    p_queue_type, p_item_type, p_item_id, p_item_parent_id, p_submitted_by, p_subject_user_id, p_priority, p_metadata
  )
  on conflict (queue_type, item_type, item_id) where status <> 'resolved' do update
  set priority = greatest(item.priority, excluded.priority),
      metadata = item.metadata || excluded.metadata
  returning * into entry;
  return entry;
end
$$;

comment on function moderation.enqueue(text, text, uuid, uuid, uuid, uuid, integer, jsonb) is
  E'@internal\nAdds work to a queue (approval, investigation or appeal), or joins the open item about the same thing, which keeps the higher priority, and locks it. For procedures and jobs of every module. Somebody who decides the item meanwhile is waited for, and a new item begins.';

revoke all on function moderation.enqueue(text, text, uuid, uuid, uuid, uuid, integer, jsonb) from public;
grant execute on function moderation.enqueue(text, text, uuid, uuid, uuid, uuid, integer, jsonb) to stoa_worker;

-- Object: moderation/functions/file_report.sql
create or replace function moderation.file_report(
  p_type text,
  p_subject_id uuid,
  p_reason text,
  p_description text default null,
  p_parent_id uuid default null,
  p_quote text default null
)
returns moderation.reports
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  words constant text := core.clean_text(p_description, 2000, false);
  quoted constant text := core.clean_text(p_quote, 10000, false);
  kind core.report_subjects;
  author uuid;
  content jsonb;
  item moderation.queue_items;
  report moderation.reports;
begin
  if p_reason is null
    or p_reason not in ('spam', 'abuse', 'illegal', 'copyright', 'dupe', 'wrong_category', 'other')
  then
    perform core.fail('report.reason_unknown');
  end if;
  select * into kind from core.report_subjects as subject where subject.type = p_type and subject.is_reportable;
  if not found then
    perform core.fail('report.type_unknown');
  end if;
  if (kind.parent_column is null) <> (p_parent_id is null) then
    perform core.fail('input.malformed');
  end if;
  select subject.author_id, subject.evidence into author, content
  from moderation.read_subject(kind, p_subject_id, p_parent_id) as subject;
  if not found then
    perform core.fail('report.subject_unknown');
  end if;
  if author = me then
    perform core.fail('report.own');
  end if;
  if quoted is not null then
    content := content || jsonb_build_object('quote', quoted, 'quote_is_verified', false);
  end if;

  -- One's own reports are filed one after another: the second of two finds the first.
  perform from core.users as person where person.id = me for no key update;
  if exists (
    select
    from moderation.reports as earlier
    where earlier.reporter_id = me
      and earlier.report_type = p_type
      and earlier.subject_id = p_subject_id
      and earlier.status in ('pending', 'investigating')
  ) then
    perform core.fail('report.duplicate');
  end if;
  if (
    select count(*)
    from moderation.reports as earlier
    where earlier.reporter_id = me
      and earlier.status in ('pending', 'investigating')
  ) >= core.setting_integer('moderation.open_report_limit')
  then
    perform core.fail('report.too_many');
  end if;

  item := moderation.enqueue(
    'investigation', p_type, p_subject_id, p_parent_id, me, author,
    coalesce((core.setting_json('moderation.report_priorities') ->> p_reason)::integer, 0)
  );
  insert into moderation.reports (
    reporter_id, report_type, subject_id, subject_parent_id, subject_user_id, reason, description, evidence,
    queue_item_id, status, assigned_to
  )
  values (
    me, p_type, p_subject_id, p_parent_id, author, p_reason, words, content,
    item.id, case item.status when 'in_progress' then 'investigating' else 'pending' end, item.assigned_to
  )
  returning * into report;

  report.evidence := null;
  report.assigned_to := null;
  return report;
end
$$;

comment on function moderation.file_report(text, uuid, text, text, uuid, text) is
  'Reports something to the moderators: a kind of the list of report subjects, its identifier (and that of its container, where the kind has one), a reason and up to 2,000 characters about it. A copy of the thing is kept with the report; what is encrypted end to end can be quoted (10,000 characters), which is kept as unverified. Reports of one thing by several people become one piece of work. Refuses report.type_unknown, report.reason_unknown, report.subject_unknown (also what the caller may not read), report.own, report.duplicate (an open report of the same thing) and report.too_many (20 open reports, setting moderation.open_report_limit).';

revoke all on function moderation.file_report(text, uuid, text, text, uuid, text) from public;
grant execute on function moderation.file_report(text, uuid, text, text, uuid, text) to stoa_member;

-- Object: moderation/functions/impose_ban.sql
create or replace function moderation.impose_ban(
  p_user_id uuid,
  p_ban_type text,
  p_reason text,
  p_expires_at timestamptz,
  p_banned_by uuid,
  p_staff_note text default null,
  p_points smallint default null
)
returns moderation.bans
language plpgsql
volatile
set search_path = ''
as $$
declare
  -- Not now(): it is the time before the wait for the person, and the bans would overlap.
  moment constant timestamptz := clock_timestamp();
  ban moderation.bans;
begin
  update moderation.bans as earlier
  set lifted_at = greatest(moment, earlier.starts_at),
      lifted_by = p_banned_by,
      lift_reason = 'Replaced by a harsher ban.'
  where earlier.user_id = p_user_id
    and earlier.ban_type = p_ban_type
    and earlier.lifted_at is null
    and (earlier.expires_at is null or earlier.expires_at > moment);
  insert into moderation.bans (
    user_id, banned_by, ban_type, reason, staff_note, source, points, starts_at, expires_at
  )
  values (
    p_user_id, p_banned_by, p_ban_type, p_reason, p_staff_note,
    case when p_points is null then 'manual' else 'points' end, p_points, moment, p_expires_at
  )
  returning * into ban;

  perform audit.record(
    'ban_user', 'moderation.bans', ban.id, null,
    jsonb_build_object(
      'user_id', p_user_id, 'ban_type', p_ban_type, 'expires_at', p_expires_at, 'source', ban.source, 'points', p_points
    ),
    p_reason
  );
  perform notifications.notify(
    p_user_id, 'moderation',
    case p_ban_type
      when 'account' then 'Your account was banned'
      when 'posting' then 'You were banned from posting'
      when 'chat' then 'You were banned from chatting'
      else 'You were banned from the tracker'
    end,
    p_reason,
    jsonb_build_object('ban_id', ban.id, 'expires_at', p_expires_at)
  );
  return ban;
end
$$;

comment on function moderation.impose_ban(uuid, text, text, timestamptz, uuid, text, smallint) is
  'Internal. Bans somebody whose row is locked; a weaker ban of the same kind is lifted first. Audited; the banned person is told the reason.';

revoke all on function moderation.impose_ban(uuid, text, text, timestamptz, uuid, text, smallint) from public;

-- Object: moderation/functions/is_banned.sql
create or replace function moderation.is_banned(p_user_id uuid, p_ban_type text)
returns boolean
language plpgsql
stable
-- Bans are read by the banned and by administrators only.
security definer
set search_path = ''
as $$
begin
  return (moderation.running_ban(p_user_id, p_ban_type)).id is not null;
end
$$;

comment on function moderation.is_banned(uuid, text) is
  E'@internal\nWhether a ban of this kind (account, posting, chat or tracker) is in force for somebody now, by the clock. Procedures of other modules ask core.require_unrestricted, which is there without this module.';

revoke all on function moderation.is_banned(uuid, text) from public;
grant execute on function moderation.is_banned(uuid, text) to stoa_worker;

-- Object: moderation/functions/is_claimed.sql
create or replace function moderation.is_claimed(p_item moderation.queue_items)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return p_item.status = 'in_progress'
    and p_item.assigned_to is not null
    and p_item.assigned_at
      > clock_timestamp() - make_interval(hours => core.setting_integer('moderation.claim_hours')::integer);
end
$$;

comment on function moderation.is_claimed(moderation.queue_items) is
  'Internal. Whether somebody works on a piece of work, and the claim has not lapsed.';

revoke all on function moderation.is_claimed(moderation.queue_items) from public;

-- Object: moderation/functions/lift_ban.sql
create or replace function moderation.lift_ban(p_ban_id uuid, p_reason text)
returns moderation.bans
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  why constant text := core.clean_text(p_reason, 500);
  ban moderation.bans;
begin
  select * into ban from moderation.bans as candidate where candidate.id = p_ban_id;
  if not found then
    perform core.fail('user_ban.unknown');
  end if;
  if ban.user_id = me then
    perform core.fail('sanction.protected');
  end if;
  if core.current_role_rank() < 3 and (ban.ban_type = 'account' or ban.banned_by is distinct from me) then
    perform core.fail('user_ban.admin_only');
  end if;

  -- Lock order: the person first.
  perform from core.users as person where person.id = ban.user_id for no key update;
  update moderation.bans as target
  set lifted_at = greatest(clock_timestamp(), target.starts_at),
      lifted_by = me,
      lift_reason = why
  where target.id = p_ban_id
    and target.lifted_at is null
    and (target.expires_at is null or target.expires_at > clock_timestamp())
  returning * into ban;
  if not found then
    perform core.fail('user_ban.not_running');
  end if;

  perform moderation.close_item('appeal', 'ban', p_ban_id, 'approved', why);
  perform audit.record(
    'lift_ban', 'moderation.bans', p_ban_id, null,
    jsonb_build_object('user_id', ban.user_id, 'ban_type', ban.ban_type), why
  );
  perform notifications.notify(
    ban.user_id, 'moderation', 'A ban was lifted', why, jsonb_build_object('ban_id', p_ban_id)
  );
  return ban;
end
$$;

comment on function moderation.lift_ban(uuid, text) is
  'Ends a ban early, and with it an open appeal. Administrators: every ban but their own; moderators: the scoped ones that they issued themselves (user_ban.admin_only). Refuses user_ban.unknown, user_ban.not_running, sanction.protected and an empty reason. Audited; the person is told.';

revoke all on function moderation.lift_ban(uuid, text) from public;
grant execute on function moderation.lift_ban(uuid, text) to stoa_moderator;

-- Object: moderation/functions/locked_item.sql
create or replace function moderation.locked_item(p_item_id uuid)
returns moderation.queue_items
language plpgsql
volatile
set search_path = ''
as $$
declare
  item moderation.queue_items;
begin
  -- Two moderators at once: the second waits here, then sees what the first did.
  select * into item from moderation.queue_items as candidate where candidate.id = p_item_id for no key update;
  if not found then
    perform core.fail('queue.unknown');
  end if;
  if item.subject_user_id = core.current_user_id() then
    perform core.fail('queue.about_you');
  end if;
  if item.status = 'resolved' then
    perform core.fail('queue.resolved');
  end if;
  return item;
end
$$;

comment on function moderation.locked_item(uuid) is
  'Internal. An open piece of work, locked, for somebody whom it is not about. Refuses queue.unknown, queue.about_you and queue.resolved.';

revoke all on function moderation.locked_item(uuid) from public;

-- Object: moderation/functions/locked_offender.sql
create or replace function moderation.locked_offender(p_user_id uuid)
returns core.users
language plpgsql
volatile
set search_path = ''
as $$
declare
  person core.users;
begin
  -- Whatever is done to one person is done one after another: of two warnings at once the second counts the first.
  select * into person from core.users as candidate where candidate.id = p_user_id for no key update;
  if not found or person.erased_at is not null then
    perform core.fail('user.unknown');
  end if;
  if person.id = core.current_user_id()
    or person.is_system
    or (case person.role when 'admin' then 3 when 'moderator' then 2 else 1 end) >= core.current_role_rank()
  then
    perform core.fail('sanction.protected');
  end if;
  return person;
end
$$;

comment on function moderation.locked_offender(uuid) is
  'Internal. Somebody whom the caller may punish, locked. Refuses user.unknown, and the caller, the platform itself and people of the caller''s role or a higher one (sanction.protected).';

revoke all on function moderation.locked_offender(uuid) from public;

-- Object: moderation/functions/open_evidence.sql
create or replace function moderation.open_evidence(p_report_id uuid, p_reason text)
returns jsonb
language plpgsql
volatile
-- The copies are granted to nobody: private messages are among them.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  why constant text := core.clean_text(p_reason, 500);
  report moderation.reports;
begin
  select * into report
  from moderation.reports as candidate
  where candidate.id = p_report_id
    and candidate.subject_user_id is distinct from me;
  if not found then
    perform core.fail('report.unknown');
  end if;
  if report.evidence is null then
    perform core.fail('report.evidence_gone');
  end if;

  perform audit.record(
    'open_evidence', 'moderation.reports', p_report_id, null,
    jsonb_build_object('report_type', report.report_type, 'subject_id', report.subject_id), why
  );
  return report.evidence;
end
$$;

comment on function moderation.open_evidence(uuid, text) is
  'Moderators only: the copy of what was reported, as it was at filing. The only way for staff to private content, so each opening is audited with its reason (at most 500 characters). Refuses a report that is not there or is about the caller (report.unknown), a blanked copy (report.evidence_gone) and an empty reason.';

revoke all on function moderation.open_evidence(uuid, text) from public;
grant execute on function moderation.open_evidence(uuid, text) to stoa_moderator;

-- Object: moderation/functions/publish_bans.sql
create or replace function moderation.publish_bans()
returns trigger
language plpgsql
-- Fires for whoever writes a ban; what it keeps is nobody's to write.
security definer
set search_path = ''
as $$
declare
  people uuid[];
  newly_banned uuid;
begin
  if tg_op = 'INSERT' then
    people := array(select distinct added.user_id from added);
  elsif tg_op = 'DELETE' then
    people := array(select distinct removed.user_id from removed);
  else
    people := array(select added.user_id from added union select removed.user_id from removed);
  end if;

  -- Locked first, counted in a later statement: whoever writes a ban of the same person meanwhile is seen.
  perform from core.users as person where person.id = any (people) order by person.id for no key update;

  update core.users as person
  set banned_until = current_ban.until
  from unnest(people) as affected (user_id)
  left join lateral (
    select max(coalesce(ban.expires_at, 'infinity')) as until
    from moderation.bans as ban
    where ban.user_id = affected.user_id
      and ban.ban_type = 'account'
      and ban.lifted_at is null
      and (ban.expires_at is null or ban.expires_at > clock_timestamp())
  ) as current_ban on true
  where person.id = affected.user_id
    and person.banned_until is distinct from current_ban.until;

  delete from core.user_restrictions as restriction
  where restriction.user_id = any (people);
  insert into core.user_restrictions (user_id, activity, until)
  select ban.user_id, ban.ban_type, max(coalesce(ban.expires_at, 'infinity'))
  from moderation.bans as ban
  join core.users as person on person.id = ban.user_id
  where ban.user_id = any (people)
    and ban.ban_type <> 'account'
    and ban.lifted_at is null
    and (ban.expires_at is null or ban.expires_at > clock_timestamp())
  group by ban.user_id, ban.ban_type;

  if tg_op = 'INSERT' then
    for newly_banned in
      select distinct added.user_id
      from added
      where added.ban_type = 'account'
        and added.lifted_at is null
        and (added.expires_at is null or added.expires_at > clock_timestamp())
      order by added.user_id
    loop
      perform auth.end_sessions(newly_banned);
    end loop;
  end if;
  return null;
end
$$;

comment on function moderation.publish_bans() is
  'Trigger. Tells the base what runs: core.users.banned_until is the latest end of the account bans of a person (infinity = for good, null = none), core.user_restrictions has the scoped ones. A new account ban ends all sessions. Nothing has to happen when a ban expires: whoever reads these compares with the clock.';

revoke all on function moderation.publish_bans() from public;

-- Object: moderation/functions/put_back.sql
create or replace function moderation.put_back(p_item_id uuid)
returns moderation.queue_items
language plpgsql
volatile
set search_path = ''
as $$
declare
  item moderation.queue_items;
begin
  update moderation.queue_items as target
  set status = 'pending',
      assigned_to = null,
      assigned_at = null
  where target.id = p_item_id
  returning * into item;
  update moderation.reports as report
  set status = 'pending',
      assigned_to = null
  where report.queue_item_id = p_item_id
    and report.status = 'investigating';
  return item;
end
$$;

comment on function moderation.put_back(uuid) is
  'Internal. Lets a locked piece of work, with its open reports, wait again.';

revoke all on function moderation.put_back(uuid) from public;

-- Object: moderation/functions/read_subject.sql
create or replace function moderation.read_subject(
  p_kind core.report_subjects,
  p_id uuid,
  p_parent_id uuid,
  out author_id uuid,
  out evidence jsonb
)
returns setof record
language plpgsql
stable
rows 1
set search_path = ''
as $$
begin
  return query execute format(
    $query$
      select
        %1$s,
        coalesce(
          (
            select jsonb_object_agg(entry.key, entry.value)
            from jsonb_each(to_jsonb(target)) as entry
            where entry.key = any ($3)
          ),
          '{}'
        )
      from %2$s as target
      where target.%3$I = $1
        and %4$s
        and (%5$s)
    $query$,
    case when p_kind.author_column is null then 'null::uuid' else format('target.%I', p_kind.author_column) end,
    p_kind.table_name::regclass,
    p_kind.key_column,
    case when p_kind.parent_column is null then 'true' else format('target.%I = $2', p_kind.parent_column) end,
    p_kind.condition
  )
  using p_id, p_parent_id, p_kind.evidence_columns;
end
$$;

comment on function moderation.read_subject(core.report_subjects, uuid, uuid) is
  'Internal. Who answers for a thing, and a copy of it, as the module that has it registered in core.report_subjects; no row for what is not there or may not be read by the caller. One look-up by key.';

revoke all on function moderation.read_subject(core.report_subjects, uuid, uuid) from public;

-- Object: moderation/functions/release.sql
create or replace function moderation.release(p_item_id uuid)
returns moderation.queue_items
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  item moderation.queue_items;
begin
  item := moderation.locked_item(p_item_id);
  if item.assigned_to is null or item.assigned_to <> me and core.current_role_rank() < 3 then
    perform core.fail('queue.not_yours');
  end if;
  return moderation.put_back(p_item_id);
end
$$;

comment on function moderation.release(uuid) is
  E'@name release_queue_item\nModerators only: gives a piece of work back to the queue. Refuses queue.unknown, queue.about_you, queue.resolved and queue.not_yours (administrators may give back what others hold).';

revoke all on function moderation.release(uuid) from public;
grant execute on function moderation.release(uuid) to stoa_moderator;

-- Object: moderation/functions/resolve_item.sql
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
  E'@name resolve_queue_item\nModerators only: decides an investigation with one of none, removed, warned, banned and edited, the severest of what is done. In one transaction the content is taken down (removed, or with p_removes_content), the person warned (1 to 10 points) and banned (rules of ban_user), the item and all its open reports closed with the same outcome, and the reporters told. p_reason is shown to the person and needed for warning and banning; p_note stays with staff. Refuses queue.unknown, queue.about_you, queue.resolved, queue.taken, queue.wrong_type, report.action_invalid, report.no_offender, report.not_removable, and what warn_user, ban_user and the removal refuse. Audited.';

revoke all on function moderation.resolve_item(uuid, text, text, text, integer, text, timestamptz, boolean) from public;
grant execute on function moderation.resolve_item(uuid, text, text, text, integer, text, timestamptz, boolean) to stoa_moderator;

-- Object: moderation/functions/resolve_report.sql
create or replace function moderation.resolve_report(
  p_report_id uuid,
  p_action text,
  p_reason text default null,
  p_note text default null,
  p_warning_points integer default null,
  p_ban_type text default null,
  p_ban_until timestamptz default null,
  p_removes_content boolean default false
)
returns moderation.reports
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  report moderation.reports;
begin
  select * into report
  from moderation.reports as candidate
  where candidate.id = p_report_id
    and candidate.subject_user_id is distinct from me;
  if not found then
    perform core.fail('report.unknown');
  end if;
  if report.resolved_at is not null then
    perform core.fail('queue.resolved');
  end if;

  perform moderation.resolve_item(
    report.queue_item_id, p_action, p_reason, p_note, p_warning_points, p_ban_type, p_ban_until, p_removes_content
  );
  select * into report from moderation.reports as closed where closed.id = p_report_id;
  report.evidence := null;
  return report;
end
$$;

comment on function moderation.resolve_report(uuid, text, text, text, integer, text, timestamptz, boolean) is
  'Moderators only: decides the piece of work that a report belongs to, and with it all open reports of the same thing; arguments, effects and refusals are those of resolve_item. Refuses a report that is not there or is about the caller (report.unknown), and a closed one (queue.resolved).';

revoke all on function moderation.resolve_report(uuid, text, text, text, integer, text, timestamptz, boolean) from public;
grant execute on function moderation.resolve_report(uuid, text, text, text, integer, text, timestamptz, boolean) to stoa_moderator;

-- Object: moderation/functions/revoke_warning.sql
create or replace function moderation.revoke_warning(p_warning_id uuid, p_reason text)
returns moderation.warnings
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  why constant text := core.clean_text(p_reason, 500);
  offender_id uuid;
  warning moderation.warnings;
  ban moderation.bans;
  lesser moderation.point_thresholds;
begin
  select candidate.user_id into offender_id from moderation.warnings as candidate where candidate.id = p_warning_id;
  if not found then
    perform core.fail('warning.unknown');
  end if;
  perform moderation.locked_offender(offender_id);

  update moderation.warnings as target
  set revoked_at = clock_timestamp(),
      revoked_by = me
  where target.id = p_warning_id
    and target.revoked_at is null
  returning * into warning;
  if not found then
    perform core.fail('warning.revoked');
  end if;
  perform audit.record(
    'revoke_warning', 'moderation.warnings', p_warning_id, null,
    jsonb_build_object('user_id', offender_id, 'points', warning.points), why
  );

  -- What has expired since the ban began still justifies it; what is withdrawn does not.
  for ban in
    update moderation.bans as unjustified
    set lifted_at = greatest(clock_timestamp(), unjustified.starts_at),
        lifted_by = me,
        lift_reason = 'A warning behind it was withdrawn.'
    where unjustified.user_id = offender_id
      and unjustified.source = 'points'
      and unjustified.lifted_at is null
      and (unjustified.expires_at is null or unjustified.expires_at > clock_timestamp())
      and unjustified.points > (
        select coalesce(sum(valid.points), 0)
        from moderation.warnings as valid
        where valid.user_id = offender_id
          and valid.revoked_at is null
          and (valid.expires_at is null or valid.expires_at > unjustified.starts_at)
      )
    returning *
  loop
    perform moderation.close_item('appeal', 'ban', ban.id, 'approved', 'A warning behind the ban was withdrawn.');
    perform audit.record(
      'lift_ban', 'moderation.bans', ban.id, null, jsonb_build_object('user_id', offender_id), ban.lift_reason
    );

    -- What is left may still be enough for less: as if that had been the ban from the beginning.
    select threshold.* into lesser
    from moderation.point_thresholds as threshold
    where threshold.is_active
      and threshold.points < ban.points
      and threshold.points <= (
        select coalesce(sum(valid.points), 0)
        from moderation.warnings as valid
        where valid.user_id = offender_id
          and valid.revoked_at is null
          and (valid.expires_at is null or valid.expires_at > ban.starts_at)
      )
    order by threshold.points desc
    limit 1;
    if found
      and (moderation.running_ban(offender_id, lesser.ban_type)).id is null
      and (lesser.duration is null or ban.starts_at + lesser.duration > clock_timestamp())
    then
      perform moderation.impose_ban(
        offender_id, lesser.ban_type, ban.reason, ban.starts_at + lesser.duration, null, null, lesser.points
      );
    end if;
  end loop;
  perform notifications.notify(
    offender_id, 'moderation', 'A warning was withdrawn', why, jsonb_build_object('warning_id', p_warning_id)
  );
  return warning;
end
$$;

comment on function moderation.revoke_warning(uuid, text) is
  'Moderators only: withdraws a warning; its points count no more, and a running ban for points that they no longer add up to is lifted, or gives way to the one that they still add up to. Refuses warning.unknown, warning.revoked, people whom the caller may not punish (sanction.protected) and an empty reason. Audited; the person is told.';

revoke all on function moderation.revoke_warning(uuid, text) from public;
grant execute on function moderation.revoke_warning(uuid, text) to stoa_moderator;

-- Object: moderation/functions/running_ban.sql
create or replace function moderation.running_ban(p_user_id uuid, p_ban_type text)
returns moderation.bans
language plpgsql
stable
set search_path = ''
as $$
declare
  ban moderation.bans;
begin
  select * into ban
  from moderation.bans as candidate
  where candidate.user_id = p_user_id
    and candidate.ban_type = p_ban_type
    and candidate.lifted_at is null
    and candidate.starts_at <= clock_timestamp()
    and (candidate.expires_at is null or candidate.expires_at > clock_timestamp());
  return ban;
end
$$;

comment on function moderation.running_ban(uuid, text) is
  'Internal. The ban of a kind that is in force for somebody now, or null: one at most, because bans of a kind never overlap.';

revoke all on function moderation.running_ban(uuid, text) from public;

-- Object: moderation/functions/set_threshold.sql
create or replace function moderation.set_threshold(
  p_points integer,
  p_ban_type text,
  p_duration interval default null,
  p_is_active boolean default true
)
returns moderation.point_thresholds
language plpgsql
volatile
-- Clients have no right to write; every change is audited.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('admin');
  earlier moderation.point_thresholds;
  threshold moderation.point_thresholds;
begin
  if p_points is null or p_points not between 1 and 1000
    or p_ban_type is null or p_ban_type not in ('account', 'posting', 'chat', 'tracker')
    or p_duration <= interval '0'
    or p_is_active is null
  then
    perform core.fail('threshold.invalid');
  end if;

  select * into earlier from moderation.point_thresholds as known where known.points = p_points;
  insert into moderation.point_thresholds as known (points, ban_type, duration, is_active)
  values (p_points, p_ban_type, p_duration, p_is_active)
  on conflict (points) do update
  set ban_type = excluded.ban_type,
      duration = excluded.duration,
      is_active = excluded.is_active
  returning * into threshold;
  perform audit.record(
    'set_threshold', 'moderation.point_thresholds',
    p_resource_key => jsonb_build_object('points', p_points),
    p_old_values => case when earlier.points is not null then to_jsonb(earlier) end,
    p_new_values => to_jsonb(threshold)
  );
  return threshold;
end
$$;

comment on function moderation.set_threshold(integer, text, interval, boolean) is
  E'@name set_point_threshold\nAdministrators only: which ban follows by itself at how many points of warnings, and for how long (for good, when the duration is left out). Holds from the next warning on; bans that run stay. Refuses threshold.invalid. Audited.';

revoke all on function moderation.set_threshold(integer, text, interval, boolean) from public;
grant execute on function moderation.set_threshold(integer, text, interval, boolean) to stoa_admin;

-- Object: moderation/functions/start_work.sql
create or replace function moderation.start_work(p_item_id uuid, p_moderator_id uuid)
returns moderation.queue_items
language plpgsql
volatile
set search_path = ''
as $$
declare
  item moderation.queue_items;
begin
  update moderation.queue_items as target
  set status = 'in_progress',
      assigned_to = p_moderator_id,
      assigned_at = clock_timestamp()
  where target.id = p_item_id
  returning * into item;
  update moderation.reports as report
  set status = 'investigating',
      assigned_to = p_moderator_id
  where report.queue_item_id = p_item_id
    and report.status in ('pending', 'investigating');
  return item;
end
$$;

comment on function moderation.start_work(uuid, uuid) is
  'Internal. Gives a locked piece of work, with its open reports, to somebody.';

revoke all on function moderation.start_work(uuid, uuid) from public;

-- Object: moderation/functions/take_down.sql
create or replace function moderation.take_down(p_type text, p_id uuid, p_parent_id uuid, p_reason text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  kind core.report_subjects;
  still_there boolean;
begin
  select * into kind from core.report_subjects as subject where subject.type = p_type;
  if kind.removal is null then
    perform core.fail('report.not_removable');
  end if;

  begin
    execute format('select %s', kind.removal) using p_parent_id, p_id, p_reason;
  exception
    -- Gone is gone: its author or somebody else was faster.
    when sqlstate 'ST410' then
      null;
    when sqlstate 'ST404' then
      execute format('select exists (select from %s as target where target.%I = $1)', kind.table_name::regclass, kind.key_column)
      into still_there
      using p_id;
      if still_there then
        raise;
      end if;
  end;
end
$$;

comment on function moderation.take_down(text, uuid, uuid, text) is
  'Internal. Takes a thing down as the caller, by the procedure of its module: with that procedure''s rules, audit and notice to the author. Content with it what is gone already. Refuses kinds without such a procedure (report.not_removable), and whatever the procedure refuses.';

revoke all on function moderation.take_down(text, uuid, uuid, text) from public;

-- Object: moderation/functions/user_addresses.sql
create or replace function moderation.user_addresses(p_user_id uuid, p_reason text)
returns table (ip_address inet, session_count integer, first_seen_at timestamptz, last_seen_at timestamptz)
language plpgsql
volatile
rows 10
-- Sessions are granted to nobody.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  why constant text := core.clean_text(p_reason, 500);
begin
  if not exists (select from core.users as person where person.id = p_user_id and person.erased_at is null) then
    perform core.fail('user.unknown');
  end if;
  perform audit.record('user_addresses', 'core.users', p_user_id, p_reason => why);

  return query
    select session.ip_address, count(*)::integer, min(session.inserted_at), max(session.last_active_at)
    from auth.sessions as session
    where session.user_id = p_user_id
      and session.ip_address is not null
    group by session.ip_address
    order by max(session.last_active_at) desc;
end
$$;

comment on function moderation.user_addresses(uuid, text) is
  'Moderators only: the network addresses of somebody''s sessions, latest first. Audited with its reason (at most 500 characters). Refuses user.unknown and an empty reason.';

revoke all on function moderation.user_addresses(uuid, text) from public;
grant execute on function moderation.user_addresses(uuid, text) to stoa_moderator;

-- Object: moderation/functions/warn_user.sql
create or replace function moderation.warn_user(
  p_user_id uuid,
  p_points integer,
  p_reason text,
  p_report_id uuid default null,
  p_expires_at timestamptz default null,
  p_never_expires boolean default false,
  p_staff_note text default null
)
returns moderation.warnings
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  why constant text := core.clean_text(p_reason, 1000);
  remark constant text := core.clean_text(p_staff_note, 4000, false);
  warning moderation.warnings;
begin
  if p_points is null or p_points not between 1 and 10 then
    perform core.fail('warning.points_invalid');
  end if;
  if p_expires_at <= clock_timestamp() then
    perform core.fail('warning.expiry_past');
  end if;
  perform moderation.locked_offender(p_user_id);
  if p_report_id is not null and not exists (
    select from moderation.reports as report where report.id = p_report_id and report.subject_user_id = p_user_id
  ) then
    perform core.fail('warning.report_mismatch');
  end if;

  insert into moderation.warnings (user_id, issued_by, points, reason, staff_note, report_id, expires_at)
  values (
    p_user_id, me, p_points, why, remark, p_report_id,
    case
      when p_never_expires or p_expires_at = 'infinity' then null
      else coalesce(
        p_expires_at,
        clock_timestamp() + make_interval(days => core.setting_integer('moderation.warning_days')::integer)
      )
    end
  )
  returning * into warning;
  perform audit.record(
    'warn_user', 'moderation.warnings', warning.id, null,
    jsonb_build_object('user_id', p_user_id, 'points', p_points, 'expires_at', warning.expires_at), why
  );
  perform notifications.notify(
    p_user_id, 'moderation', 'You were warned', why,
    jsonb_build_object('warning_id', warning.id, 'points', p_points)
  );
  perform moderation.apply_thresholds(p_user_id);
  return warning;
end
$$;

comment on function moderation.warn_user(uuid, integer, text, uuid, timestamptz, boolean, text) is
  'Moderators only: warns somebody, with 1 to 10 points that count for 90 days (setting moderation.warning_days), until a time, or for ever. Reaching a threshold bans in the same transaction; warnings of one person are given one after another, so that none is missed. Refuses user.unknown, the caller and people of the caller''s role or a higher one (sanction.protected), warning.points_invalid, warning.expiry_past, warning.report_mismatch and an empty reason (at most 1,000 characters, shown to the person). Audited; the person is told.';

revoke all on function moderation.warn_user(uuid, integer, text, uuid, timestamptz, boolean, text) from public;
grant execute on function moderation.warn_user(uuid, integer, text, uuid, timestamptz, boolean, text) to stoa_moderator;

-- Object: moderation/triggers/bans.publish_delete.sql
create or replace trigger publish_delete
after delete on moderation.bans
referencing old table as removed
for each statement
execute function moderation.publish_bans();

comment on trigger publish_delete on moderation.bans is 'Keeps core.users.banned_until and core.user_restrictions.';

-- Object: moderation/triggers/bans.publish_insert.sql
create or replace trigger publish_insert
after insert on moderation.bans
referencing new table as added
for each statement
execute function moderation.publish_bans();

comment on trigger publish_insert on moderation.bans is 'Keeps core.users.banned_until and core.user_restrictions.';

-- Object: moderation/triggers/bans.publish_update.sql
create or replace trigger publish_update
after update on moderation.bans
referencing old table as removed new table as added
for each statement
execute function moderation.publish_bans();

comment on trigger publish_update on moderation.bans is 'Keeps core.users.banned_until and core.user_restrictions.';

-- Object: moderation/triggers/bans.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on moderation.bans
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on moderation.bans is 'Keeps updated_at.';

-- Object: moderation/triggers/queue_items.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on moderation.queue_items
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on moderation.queue_items is 'Keeps updated_at.';

-- Object: moderation/triggers/reports.count_delete.sql
create or replace trigger count_delete
after delete on moderation.reports
referencing old table as removed
for each statement
execute function moderation.count_reports();

comment on trigger count_delete on moderation.reports is 'Keeps report_count of the queue item.';

-- Object: moderation/triggers/reports.count_insert.sql
create or replace trigger count_insert
after insert on moderation.reports
referencing new table as added
for each statement
execute function moderation.count_reports();

comment on trigger count_insert on moderation.reports is 'Keeps report_count of the queue item.';

-- Object: moderation/triggers/reports.count_update.sql
create or replace trigger count_update
after update on moderation.reports
referencing old table as removed new table as added
for each statement
execute function moderation.count_reports();

comment on trigger count_update on moderation.reports is 'Keeps report_count of the queue item.';

-- Object: moderation/triggers/reports.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on moderation.reports
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on moderation.reports is 'Keeps updated_at.';

-- Object: moderation/policies/bans.sql
revoke all on moderation.bans from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
-- Of visitors: a banned account has their rights, and must know why and until when.
grant select (
  id, user_id, banned_by, ban_type, reason, source, points, starts_at, expires_at, lifted_at, lifted_by, lift_reason,
  appealed_at, inserted_at, updated_at
) on moderation.bans to stoa_anonymous;
grant select on moderation.bans to stoa_admin, stoa_worker;

drop policy if exists read_own on moderation.bans;
create policy read_own on moderation.bans
for select to stoa_anonymous
using (user_id = (select core.current_user_id()));
comment on policy read_own on moderation.bans is
  'People read their own bans, also while they are banned, without the note of staff. A visitor without an account has none.';

drop policy if exists read_as_admin on moderation.bans;
create policy read_as_admin on moderation.bans
for select to stoa_admin
using (true);
comment on policy read_as_admin on moderation.bans is
  'Administrators see every ban; moderators know of others only users.banned_until.';

-- Object: moderation/policies/point_thresholds.sql
revoke all on moderation.point_thresholds from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on moderation.point_thresholds to stoa_member, stoa_worker;

drop policy if exists read_all on moderation.point_thresholds;
create policy read_all on moderation.point_thresholds
for select to stoa_member
using (true);
comment on policy read_all on moderation.point_thresholds is
  'Members know what they risk.';

-- Object: moderation/policies/queue_items.sql
revoke all on moderation.queue_items from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on moderation.queue_items to stoa_moderator, stoa_worker;

drop policy if exists not_about_oneself on moderation.queue_items;
create policy not_about_oneself on moderation.queue_items
for select to stoa_moderator
using (subject_user_id is null or subject_user_id <> (select core.current_user_id()));
comment on policy not_about_oneself on moderation.queue_items is
  'Moderators read all work but that about themselves, which names who complained.';

drop policy if exists read_as_admin on moderation.queue_items;
create policy read_as_admin on moderation.queue_items
for select to stoa_admin
using (true);
comment on policy read_as_admin on moderation.queue_items is
  'Administrators see everything.';

-- Object: moderation/policies/reports.sql
-- evidence is granted to nobody: moderation.open_evidence shows it, and records who looked.
revoke all on moderation.reports from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (
  id, reporter_id, report_type, subject_id, subject_parent_id, subject_user_id, reason, description, status,
  queue_item_id, resolved_by, resolved_at, action_taken, inserted_at, updated_at
) on moderation.reports to stoa_member;
grant select (assigned_to, resolution_note) on moderation.reports to stoa_moderator;
grant select on moderation.reports to stoa_worker;

drop policy if exists read_own on moderation.reports;
create policy read_own on moderation.reports
for select to stoa_member
using (reporter_id = (select core.current_user_id()));
comment on policy read_own on moderation.reports is
  'Members read what they reported, without who works on it and what staff noted.';

drop policy if exists not_about_oneself on moderation.reports;
create policy not_about_oneself on moderation.reports
for select to stoa_moderator
using (subject_user_id is null or subject_user_id <> (select core.current_user_id()));
comment on policy not_about_oneself on moderation.reports is
  'Moderators read all reports but those about themselves.';

drop policy if exists read_as_admin on moderation.reports;
create policy read_as_admin on moderation.reports
for select to stoa_admin
using (true);
comment on policy read_as_admin on moderation.reports is
  'Administrators see every report.';

-- Object: moderation/policies/warnings.sql
revoke all on moderation.warnings from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (
  id, user_id, issued_by, points, reason, report_id, expires_at, acknowledged_at, revoked_at, revoked_by, inserted_at
) on moderation.warnings to stoa_member;
grant select on moderation.warnings to stoa_moderator, stoa_worker;

drop policy if exists read_own on moderation.warnings;
create policy read_own on moderation.warnings
for select to stoa_member
using (user_id = (select core.current_user_id()));
comment on policy read_own on moderation.warnings is
  'Members read the warnings to them, without the note of staff.';

drop policy if exists read_as_moderator on moderation.warnings;
create policy read_as_moderator on moderation.warnings
for select to stoa_moderator
using (true);
comment on policy read_as_moderator on moderation.warnings is
  'Moderators see everything.';

-- End of objects

-- Down Migration

drop policy read_as_moderator on moderation.warnings;
drop policy read_own on moderation.warnings;
drop policy read_as_admin on moderation.reports;
drop policy not_about_oneself on moderation.reports;
drop policy read_own on moderation.reports;
drop policy read_as_admin on moderation.queue_items;
drop policy not_about_oneself on moderation.queue_items;
drop policy read_all on moderation.point_thresholds;
drop policy read_as_admin on moderation.bans;
drop policy read_own on moderation.bans;
drop trigger touch_updated_at on moderation.reports;
drop trigger count_update on moderation.reports;
drop trigger count_insert on moderation.reports;
drop trigger count_delete on moderation.reports;
drop trigger touch_updated_at on moderation.queue_items;
drop trigger touch_updated_at on moderation.bans;
drop trigger publish_update on moderation.bans;
drop trigger publish_insert on moderation.bans;
drop trigger publish_delete on moderation.bans;
drop function moderation.warn_user(uuid, integer, text, uuid, timestamptz, boolean, text);
drop function moderation.user_addresses(uuid, text);
drop function moderation.take_down(text, uuid, uuid, text);
drop function moderation.start_work(uuid, uuid);
drop function moderation.set_threshold(integer, text, interval, boolean);
drop function moderation.running_ban(uuid, text);
drop function moderation.revoke_warning(uuid, text);
drop function moderation.resolve_report(uuid, text, text, text, integer, text, timestamptz, boolean);
drop function moderation.resolve_item(uuid, text, text, text, integer, text, timestamptz, boolean);
drop function moderation.release(uuid);
drop function moderation.read_subject(core.report_subjects, uuid, uuid);
drop function moderation.put_back(uuid);
drop function moderation.publish_bans();
drop function moderation.open_evidence(uuid, text);
drop function moderation.locked_offender(uuid);
drop function moderation.locked_item(uuid);
drop function moderation.lift_ban(uuid, text);
drop function moderation.is_claimed(moderation.queue_items);
drop function moderation.is_banned(uuid, text);
drop function moderation.impose_ban(uuid, text, text, timestamptz, uuid, text, smallint);
drop function moderation.file_report(text, uuid, text, text, uuid, text);
drop function moderation.enqueue(text, text, uuid, uuid, uuid, uuid, integer, jsonb);
drop function moderation.decide_appeal(uuid, boolean, text);
drop function moderation.count_reports();
drop function moderation.close_item(text, text, uuid, text, text);
drop function moderation.claim_next(text);
drop function moderation.ban_user(uuid, text, text, timestamptz, text);
drop function moderation.assign(uuid, uuid);
drop function moderation.apply_thresholds(uuid);
drop function moderation.appeal(uuid, text);
drop function moderation.active_points(uuid);
drop function moderation.acknowledge_warning(uuid);
revoke all on table moderation.bans from stoa_anonymous, stoa_admin, stoa_worker;
revoke all on table moderation.point_thresholds from stoa_member, stoa_worker;
revoke all on table moderation.queue_items from stoa_moderator, stoa_worker;
revoke all on table moderation.reports from stoa_member, stoa_moderator, stoa_worker;
revoke all on table moderation.warnings from stoa_member, stoa_moderator, stoa_worker;
