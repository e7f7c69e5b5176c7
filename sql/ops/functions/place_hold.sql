create or replace function ops.place_hold(p_kind text, p_id uuid, p_reason text, p_by text default session_user)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  subject_table text;
  is_there boolean;
  made uuid;
begin
  select hold_kind.table_name into subject_table from ops.hold_kinds as hold_kind where hold_kind.kind = p_kind;
  if not found then
    perform core.fail('hold.kind_unknown');
  end if;
  if btrim(coalesce(p_reason, '')) = '' or length(btrim(p_reason)) > 500 then
    perform core.fail('hold.reason_missing');
  end if;
  execute format('select exists (select from %s where id = $1)', subject_table::regclass) into is_there using p_id;
  if not is_there then
    perform core.fail('hold.subject_unknown');
  end if;

  -- Waits for a batch of retention that is under way; the next one sees the hold.
  insert into ops.legal_holds (kind, subject_id, reason, placed_by)
  values (p_kind, p_id, btrim(p_reason), p_by)
  returning id into made;

  perform audit.record('place_hold', subject_table, p_id, p_new_values => jsonb_build_object('hold_id', made), p_reason => btrim(p_reason));
  return made;
end
$$;

comment on function ops.place_hold(text, uuid, text, text) is
  'Puts a legal hold on a person or a container and writes it into the audit log. From the moment this is committed nothing of it is deleted by retention, archives or erasure. Several holds on one thing are kept apart. For operators, as owner. Refuses hold.kind_unknown, hold.reason_missing, hold.subject_unknown. Two look-ups.';

revoke all on function ops.place_hold(text, uuid, text, text) from public;
