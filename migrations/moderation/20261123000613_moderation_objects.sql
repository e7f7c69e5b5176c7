-- Why: appeals without a session; notes of staff are kept from those whom they are about; reports of pieces of work are
--   recounted at night.
-- New: moderation.appealable_ban, moderation.ban_staff_note, moderation.file_appeal,
--   moderation.queue_items_due_for_repair, moderation.repair_counters, moderation.submit_appeal,
--   moderation.warning_staff_note.
-- Changed: moderation.appeal, moderation policies bans, moderation policies warnings.
-- Locks: ACCESS EXCLUSIVE, for an instant, on moderation.bans, moderation.warnings (policies).
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

-- Object: moderation/functions/ban_staff_note.sql
create or replace function moderation.ban_staff_note(p_ban_id uuid)
returns text
language plpgsql
stable
-- The notes are granted to nobody.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('admin');
  remark text;
begin
  select ban.staff_note into remark
  from moderation.bans as ban
  where ban.id = p_ban_id
    and ban.user_id <> me;
  if not found then
    perform core.fail('user_ban.unknown');
  end if;
  return remark;
end
$$;

comment on function moderation.ban_staff_note(uuid) is
  'Administrators only: what staff noted beside a ban. Refuses one that is not there or concerns the caller (user_ban.unknown). One look-up by key.';

revoke all on function moderation.ban_staff_note(uuid) from public;
grant execute on function moderation.ban_staff_note(uuid) to stoa_admin;

-- Object: moderation/functions/file_appeal.sql
create or replace function moderation.file_appeal(p_user_id uuid, p_ban_id uuid, p_text text)
returns moderation.bans
language plpgsql
volatile
set search_path = ''
as $$
declare
  words constant text := core.clean_text(p_text, 4000);
  ban moderation.bans;
begin
  -- Two appeals at once: the second waits here and finds the first.
  perform
  from core.users as person
  where person.id = p_user_id
    and person.is_active
    and person.deleted_at is null
    and person.erased_at is null
  for no key update;
  if not found then
    perform core.fail('account.restricted');
  end if;
  select * into ban from moderation.bans as candidate where candidate.id = p_ban_id and candidate.user_id = p_user_id;
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
    p_submitted_by => p_user_id,
    p_subject_user_id => p_user_id,
    p_metadata => jsonb_build_object('text', words)
  );
  perform audit.record('appeal_ban', 'moderation.bans', p_ban_id, null, jsonb_build_object('user_id', p_user_id));

  ban.staff_note := null;
  return ban;
end
$$;

comment on function moderation.file_appeal(uuid, uuid, text) is
  'Internal. Queues the appeal of somebody against a running ban of theirs, once per ban, and returns the ban without the note of staff. Refuses user_ban.unknown, user_ban.not_running, user_ban.appealed, an empty text, one over 4,000 characters, and accounts that are disabled, closed or erased (account.restricted). Audited.';

revoke all on function moderation.file_appeal(uuid, uuid, text) from public;

-- Object: moderation/functions/queue_items_due_for_repair.sql
create or replace function moderation.queue_items_due_for_repair(p_since timestamptz, p_sample integer default 100)
returns setof uuid
language plpgsql
stable
rows 100
-- The functions of the worker ask nobody for rights.
security definer
set search_path = ''
as $$
begin
  return query
    select item.id
    from moderation.queue_items as item
    where item.status <> 'resolved' or item.updated_at >= p_since
    union
    (select item.id from moderation.queue_items as item order by random() limit p_sample);
end
$$;

comment on function moderation.queue_items_due_for_repair(timestamptz, integer) is
  'For the worker: the pieces of work whose reports the nightly check recounts, namely those that are open, those that changed since p_since, and a random sample of the rest. Scans the queue once.';

revoke all on function moderation.queue_items_due_for_repair(timestamptz, integer) from public;
grant execute on function moderation.queue_items_due_for_repair(timestamptz, integer) to stoa_worker;

-- Object: moderation/functions/repair_counters.sql
create or replace function moderation.repair_counters(p_item_ids uuid[])
returns integer
language plpgsql
volatile
-- Counters are nobody's to write.
security definer
set search_path = ''
as $$
declare
  wrong record;
  repaired integer := 0;
begin
  -- Locked first, counted in a later statement: a report that comes meanwhile waits at its item.
  perform from moderation.queue_items as item where item.id = any (p_item_ids) order by item.id for no key update;
  for wrong in
    select item.id, item.report_count, counted.amount
    from moderation.queue_items as item
    cross join lateral (
      select count(*)::integer as amount
      from moderation.reports as report
      where report.queue_item_id = item.id
        and report.status in ('pending', 'investigating')
    ) as counted
    where item.id = any (p_item_ids)
      and item.report_count <> counted.amount
    order by item.id
  loop
    insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
    values (
      'moderation.queue_items.report_count', jsonb_build_object('id', wrong.id), wrong.report_count, wrong.amount
    );
    update moderation.queue_items as item set report_count = wrong.amount where item.id = wrong.id;
    repaired := repaired + 1;
  end loop;
  return repaired;
end
$$;

comment on function moderation.repair_counters(uuid[]) is
  'For the worker: recounts the open reports of these pieces of work, corrects what is wrong, writes each difference to ops.counter_repairs and returns how many it corrected. Reports about them wait meanwhile: call it with some at a time.';

revoke all on function moderation.repair_counters(uuid[]) from public;
grant execute on function moderation.repair_counters(uuid[]) to stoa_worker;

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

-- Object: moderation/functions/warning_staff_note.sql
create or replace function moderation.warning_staff_note(p_warning_id uuid)
returns text
language plpgsql
stable
-- The notes are granted to nobody.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  remark text;
begin
  select warning.staff_note into remark
  from moderation.warnings as warning
  where warning.id = p_warning_id
    and warning.user_id <> me;
  if not found then
    perform core.fail('warning.unknown');
  end if;
  return remark;
end
$$;

comment on function moderation.warning_staff_note(uuid) is
  'Moderators only: what staff noted beside a warning. Refuses one that is not there or concerns the caller (warning.unknown). One look-up by key.';

revoke all on function moderation.warning_staff_note(uuid) from public;
grant execute on function moderation.warning_staff_note(uuid) to stoa_moderator;

-- Object: moderation/policies/bans.sql
revoke all on moderation.bans from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
-- staff_note is granted to nobody: an administrator may have been banned once, and a right to a column knows no rows.
-- moderation.ban_staff_note shows it.
-- Of visitors: a banned account has their rights, and must know why and until when.
grant select (
  id, user_id, banned_by, ban_type, reason, source, points, starts_at, expires_at, lifted_at, lifted_by, lift_reason,
  appealed_at, inserted_at, updated_at
) on moderation.bans to stoa_anonymous;
grant select on moderation.bans to stoa_worker;

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

-- Object: moderation/policies/warnings.sql
-- staff_note is granted to nobody: moderators may be warned too, and a right to a column knows no rows.
-- moderation.warning_staff_note shows it.
revoke all on moderation.warnings from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (
  id, user_id, issued_by, points, reason, report_id, expires_at, acknowledged_at, revoked_at, revoked_by, inserted_at
) on moderation.warnings to stoa_member;
grant select on moderation.warnings to stoa_worker;

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
  'Moderators see all warnings; notes of staff through moderation.warning_staff_note.';

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

drop function moderation.warning_staff_note(uuid);
drop function moderation.submit_appeal(text, text);
drop function moderation.repair_counters(uuid[]);
drop function moderation.queue_items_due_for_repair(timestamptz, integer);
drop function moderation.file_appeal(uuid, uuid, text);
drop function moderation.ban_staff_note(uuid);
drop function moderation.appealable_ban(text);

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
