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
