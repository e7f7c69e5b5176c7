create or replace function ops.raise_alert(
  p_name text,
  p_level text,
  p_subject text default '',
  p_detail jsonb default '{}'
)
returns uuid
language plpgsql
volatile
-- Whoever finds that something is the matter need not be able to write the table.
security definer
set search_path = ''
as $$
declare
  levels constant text[] := array['info', 'warning', 'error', 'critical'];
  alert ops.alerts;
  is_news boolean;
begin
  insert into ops.alerts as present (name, level, subject, detail)
  values (p_name, p_level, coalesce(p_subject, ''), coalesce(p_detail, '{}'))
  on conflict (name, subject) where resolved_at is null do update
  set level = excluded.level,
      detail = excluded.detail,
      -- Told once more when it got worse, and not when a figure moved.
      delivered_at = case
        when array_position(levels, excluded.level) > array_position(levels, present.level) then null
        else present.delivered_at
      end
  where (present.level, present.detail) is distinct from (excluded.level, excluded.detail)
  returning * into alert;

  if alert.id is null then
    return (
      select present.id
      from ops.alerts as present
      where present.name = p_name
        and present.subject = coalesce(p_subject, '')
        and present.resolved_at is null
    );
  end if;

  is_news := alert.delivered_at is null;
  if is_news and to_regclass('graphile_worker.jobs') is not null then
    perform core.enqueue('alert_deliver', '{}', 'alert_deliver');
  end if;
  return alert.id;
end
$$;

comment on function ops.raise_alert(text, text, text, jsonb) is
  'Says that something is the matter and returns the alert: a new one, or the open one of that name and subject with the new level and detail. Operators are told when it is new and when it got worse. Level is info, warning, error or critical; the detail holds no personal data and no secret. One index look-up and at most two rows written.';

revoke all on function ops.raise_alert(text, text, text, jsonb) from public;
grant execute on function ops.raise_alert(text, text, text, jsonb) to stoa_worker;
