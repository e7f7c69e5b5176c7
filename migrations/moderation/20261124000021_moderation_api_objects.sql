-- Why: the work that waits is a field of a moderator; arguments and results have names and descriptions in the API.
-- New: moderation.overviews_moderation_queue.
-- Changed: moderation.appeal, moderation.appealable_ban, moderation.assign, moderation.decide_appeal,
--   moderation.file_report, moderation.open_evidence, moderation.resolve_item, moderation.resolve_report,
--   moderation.submit_appeal, moderation.user_addresses, moderation.warn_user.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

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
begin
  if me is null then
    perform core.fail('session.required');
  end if;
  return moderation.file_appeal(me, p_ban_id, p_text);
end
$$;

comment on function moderation.appeal(uuid, text) is
  E'@name appeal_ban\n@argument text What the banned person has to say.\nAsks the administrators to lift a running ban of the caller, once per ban, in up to 4,000 characters. Somebody whose account is banned has no session and uses submit_appeal. Refuses user_ban.unknown, user_ban.not_running, user_ban.appealed, an empty text, and accounts that are disabled, closed or erased (account.restricted). Audited.';

revoke all on function moderation.appeal(uuid, text) from public;
grant execute on function moderation.appeal(uuid, text) to stoa_anonymous;

-- Object: moderation/functions/appealable_ban.sql
create or replace function moderation.appealable_ban(p_token text)
returns moderation.bans
language plpgsql
stable
-- Who is banned has no session; the token says who it is.
security definer
set search_path = ''
as $$
declare
  ban moderation.bans := moderation.running_ban(auth.appealing_user(p_token, false), 'account');
begin
  ban.staff_note := null;
  return ban;
end
$$;

comment on function moderation.appealable_ban(text) is
  E'@argument token The appealToken that a refused sign-in carried.\nThe running ban that an appeal token is about: why, since when, until when, and whether it was appealed; null when it is over. Does not spend the token. Refuses token.spent.';

revoke all on function moderation.appealable_ban(text) from public;
grant execute on function moderation.appealable_ban(text) to stoa_anonymous;

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
  E'@name assign_queue_item\n@argument moderator_id Who takes it; left out: the caller.\nModerators only: takes a certain piece of work, or hands it to another moderator. Of two who take it at once one gets it. Refuses queue.unknown, queue.about_you, queue.resolved, queue.taken (somebody else''s claim that has not lapsed; administrators may reassign it) and queue.assignee_unfit (somebody without the role, whose account is not in force, or whom it is about; appeals need an administrator).';

revoke all on function moderation.assign(uuid, uuid) from public;
grant execute on function moderation.assign(uuid, uuid) to stoa_moderator;

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
  E'@argument is_granted Whether the ban ends.\nAdministrators only: grants an appeal, which lifts the ban if it still runs, or rejects it. Refuses queue.unknown, queue.about_you, queue.resolved, queue.wrong_type and an empty reason (told to the person). Audited.';

revoke all on function moderation.decide_appeal(uuid, boolean, text) from public;
grant execute on function moderation.decide_appeal(uuid, boolean, text) to stoa_admin;

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
  E'@argument parent_id What the subject belongs to, where its identifier does not stand alone (the conversation of a message).\n@argument quote What the subject says, where it can disappear.\n@argument type What kind of subject: see reportSubjects.\nReports something to the moderators: a kind of the list of report subjects, its identifier (and that of its container, where the kind has one), a reason and up to 2,000 characters about it. A copy of the thing is kept with the report; what is encrypted end to end can be quoted (10,000 characters), which is kept as unverified. Reports of one thing by several people become one piece of work. Refuses report.type_unknown, report.reason_unknown, report.subject_unknown (also what the caller may not read), report.own, report.duplicate (an open report of the same thing) and report.too_many (20 open reports, setting moderation.open_report_limit).';

revoke all on function moderation.file_report(text, uuid, text, text, uuid, text) from public;
grant execute on function moderation.file_report(text, uuid, text, text, uuid, text) to stoa_member;

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
  E'@result The copy of what was reported, as it was.\nModerators only: the copy of what was reported, as it was at filing. The only way for staff to private content, so each opening is audited with its reason (at most 500 characters). Refuses a report that is not there or is about the caller (report.unknown), a blanked copy (report.evidence_gone) and an empty reason.';

revoke all on function moderation.open_evidence(uuid, text) from public;
grant execute on function moderation.open_evidence(uuid, text) to stoa_moderator;

-- Object: moderation/functions/overviews_moderation_queue.sql
create or replace function moderation.overviews_moderation_queue(
  p_overview core.overviews,
  out pending_count integer,
  out assigned_count integer
)
returns record
language plpgsql
stable
set search_path = ''
as $$
begin
  if core.current_role_rank() < 2 then
    return;
  end if;
  select count(*)
  into pending_count
  from (
    select
    from moderation.queue_items as item
    where item.status = 'pending'
    limit 1000
  ) as waiting;
  select count(*)
  into assigned_count
  from moderation.queue_items as item
  where item.assigned_to = core.current_user_id()
    and item.status = 'in_progress';
end
$$;

comment on function moderation.overviews_moderation_queue(core.overviews) is
  E'@returns moderation_workload\n@column pending_count How many items wait for a moderator, counted up to 1,000.\n@column assigned_count How many items the caller works on.\nThe work that waits, for moderators; null for others. At most 1,000 entries of an index.';

revoke all on function moderation.overviews_moderation_queue(core.overviews) from public;
grant execute on function moderation.overviews_moderation_queue(core.overviews) to stoa_member;

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
  E'@name resolve_queue_item\n@argument action none, removed, warned, banned or edited.\n@argument ban_until For banned: until when; left out: for ever.\n@argument note For other moderators.\n@argument removes_content Whether what was reported is taken down.\n@argument warning_points For warned: how heavy.\nModerators only: decides an investigation with one of none, removed, warned, banned and edited, the severest of what is done. In one transaction the content is taken down (removed, or with p_removes_content), the person warned (1 to 10 points) and banned (rules of ban_user), the item and all its open reports closed with the same outcome, and the reporters told. p_reason is shown to the person and needed for warning and banning; p_note stays with staff. Refuses queue.unknown, queue.about_you, queue.resolved, queue.taken, queue.wrong_type, report.action_invalid, report.no_offender, report.not_removable, and what warn_user, ban_user and the removal refuse. Audited.';

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
  E'@argument action none, removed, warned, banned or edited.\n@argument ban_until For banned: until when; left out: for ever.\n@argument note For other moderators.\n@argument removes_content Whether what was reported is taken down.\n@argument warning_points For warned: how heavy.\nModerators only: decides the piece of work that a report belongs to, and with it all open reports of the same thing; arguments, effects and refusals are those of resolve_item. Refuses a report that is not there or is about the caller (report.unknown), and a closed one (queue.resolved).';

revoke all on function moderation.resolve_report(uuid, text, text, text, integer, text, timestamptz, boolean) from public;
grant execute on function moderation.resolve_report(uuid, text, text, text, integer, text, timestamptz, boolean) to stoa_moderator;

-- Object: moderation/functions/submit_appeal.sql
create or replace function moderation.submit_appeal(p_token text, p_text text)
returns moderation.bans
language plpgsql
volatile
-- Who is banned has no session; the token says who it is.
security definer
set search_path = ''
as $$
declare
  appellant constant uuid := auth.appealing_user(p_token, true);
  ban constant moderation.bans := moderation.running_ban(appellant, 'account');
begin
  if ban.id is null then
    perform core.fail('user_ban.not_running');
  end if;
  return moderation.file_appeal(appellant, ban.id, p_text);
end
$$;

comment on function moderation.submit_appeal(text, text) is
  E'@argument text What the banned person has to say.\n@argument token The appealToken that a refused sign-in carried.\nAsks the administrators to lift the ban of an account, once per ban, in up to 4,000 characters. token: what the refusal of a sign-in (account.banned) carries as appealToken, good for an hour and for one appeal. Refuses token.spent, user_ban.not_running, user_ban.appealed, an empty text, and accounts that are disabled, closed or erased (account.restricted); the token stays good then. Audited.';

revoke all on function moderation.submit_appeal(text, text) from public;
grant execute on function moderation.submit_appeal(text, text) to stoa_anonymous;

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
  E'@column first_seen_at When a session first came from there.\n@column last_seen_at When one last did.\n@column ip_address The address.\n@column session_count How many sessions came from there.\nModerators only: the network addresses of somebody''s sessions, latest first. Audited with its reason (at most 500 characters). Refuses user.unknown and an empty reason.';

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
  E'@argument never_expires Whether it counts for ever.\nModerators only: warns somebody, with 1 to 10 points that count for 90 days (setting moderation.warning_days), until a time, or for ever. Reaching a threshold bans in the same transaction; warnings of one person are given one after another, so that none is missed. Refuses user.unknown, the caller and people of the caller''s role or a higher one (sanction.protected), warning.points_invalid, warning.expiry_past, warning.report_mismatch and an empty reason (at most 1,000 characters, shown to the person). Audited; the person is told.';

revoke all on function moderation.warn_user(uuid, integer, text, uuid, timestamptz, boolean, text) from public;
grant execute on function moderation.warn_user(uuid, integer, text, uuid, timestamptz, boolean, text) to stoa_moderator;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

drop function moderation.overviews_moderation_queue(core.overviews);

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
begin
  if me is null then
    perform core.fail('session.required');
  end if;
  return moderation.file_appeal(me, p_ban_id, p_text);
end
$$;

comment on function moderation.appeal(uuid, text) is
  E'@name appeal_ban\nAsks the administrators to lift a running ban of the caller, once per ban, in up to 4,000 characters. Somebody whose account is banned has no session and uses submit_appeal. Refuses user_ban.unknown, user_ban.not_running, user_ban.appealed, an empty text, and accounts that are disabled, closed or erased (account.restricted). Audited.';

revoke all on function moderation.appeal(uuid, text) from public;
grant execute on function moderation.appeal(uuid, text) to stoa_anonymous;

-- Object: moderation/functions/appealable_ban.sql
create or replace function moderation.appealable_ban(p_token text)
returns moderation.bans
language plpgsql
stable
-- Who is banned has no session; the token says who it is.
security definer
set search_path = ''
as $$
declare
  ban moderation.bans := moderation.running_ban(auth.appealing_user(p_token, false), 'account');
begin
  ban.staff_note := null;
  return ban;
end
$$;

comment on function moderation.appealable_ban(text) is
  'The running ban that an appeal token is about: why, since when, until when, and whether it was appealed; null when it is over. Does not spend the token. Refuses token.spent.';

revoke all on function moderation.appealable_ban(text) from public;
grant execute on function moderation.appealable_ban(text) to stoa_anonymous;

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

-- Object: moderation/functions/submit_appeal.sql
create or replace function moderation.submit_appeal(p_token text, p_text text)
returns moderation.bans
language plpgsql
volatile
-- Who is banned has no session; the token says who it is.
security definer
set search_path = ''
as $$
declare
  appellant constant uuid := auth.appealing_user(p_token, true);
  ban constant moderation.bans := moderation.running_ban(appellant, 'account');
begin
  if ban.id is null then
    perform core.fail('user_ban.not_running');
  end if;
  return moderation.file_appeal(appellant, ban.id, p_text);
end
$$;

comment on function moderation.submit_appeal(text, text) is
  'Asks the administrators to lift the ban of an account, once per ban, in up to 4,000 characters. token: what the refusal of a sign-in (account.banned) carries as appealToken, good for an hour and for one appeal. Refuses token.spent, user_ban.not_running, user_ban.appealed, an empty text, and accounts that are disabled, closed or erased (account.restricted); the token stays good then. Audited.';

revoke all on function moderation.submit_appeal(text, text) from public;
grant execute on function moderation.submit_appeal(text, text) to stoa_anonymous;

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

-- End of objects
