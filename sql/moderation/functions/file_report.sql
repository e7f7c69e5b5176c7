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
