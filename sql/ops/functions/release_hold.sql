create or replace function ops.release_hold(p_hold_id uuid, p_reason text, p_by text default session_user)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  hold ops.legal_holds;
begin
  if btrim(coalesce(p_reason, '')) = '' or length(btrim(p_reason)) > 500 then
    perform core.fail('hold.reason_missing');
  end if;
  select * into hold from ops.legal_holds where id = p_hold_id for update;
  if not found then
    perform core.fail('hold.unknown');
  end if;
  if hold.released_at is not null then
    perform core.fail('hold.released');
  end if;

  update ops.legal_holds
  set released_at = now(),
      released_by = p_by,
      release_reason = btrim(p_reason)
  where id = p_hold_id;

  perform audit.record(
    'release_hold',
    (select hold_kind.table_name from ops.hold_kinds as hold_kind where hold_kind.kind = hold.kind),
    hold.subject_id,
    p_old_values => jsonb_build_object('hold_id', hold.id),
    p_reason => btrim(p_reason)
  );
end
$$;

comment on function ops.release_hold(uuid, text, text) is
  'Ends a legal hold; it stays as a record, and the audit log says who and why. What is past its age goes with the next run. For operators, as owner. Refuses hold.reason_missing, hold.unknown, hold.released. One row.';

revoke all on function ops.release_hold(uuid, text, text) from public;
