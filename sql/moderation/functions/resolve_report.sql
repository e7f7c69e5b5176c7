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
