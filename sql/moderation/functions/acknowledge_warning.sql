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
