create or replace function audit.erasure_held_in(p_user_id uuid)
returns text[]
language plpgsql
stable
-- Reads tables of every module.
security definer
set search_path = ''
as $$
declare
  work record;
  condition text;
  is_held boolean;
  found_in text[] := '{}';
begin
  -- Following the foreign keys of every table costs more than all the rest, and on most days for nothing.
  if not exists (select from ops.legal_holds as hold where hold.released_at is null) then
    return found_in;
  end if;

  for work in
    select known.step, known.table_name from audit.erasure_steps() as known order by known.table_name, known.step
  loop
    continue when work.table_name = any (found_in);
    condition := ops.held_condition(work.table_name);
    continue when condition is null;
    execute format(
      'select exists (select from %s as target where (%s) and %s)',
      work.table_name::regclass,
      audit.erasure_condition(work.step, p_user_id),
      condition
    ) into is_held;
    if is_held then
      found_in := found_in || work.table_name;
    end if;
  end loop;
  return found_in;
end
$$;

comment on function audit.erasure_held_in(uuid) is
  'Tables in which an erasure of this person would still delete or change a row that a legal hold keeps: a hold on the person, on somebody they share a row with, or on a container in which they wrote. Empty on a day without holds, for one look-up; otherwise one look into each table that a rule of personal data names.';

revoke all on function audit.erasure_held_in(uuid) from public;
grant execute on function audit.erasure_held_in(uuid) to stoa_worker;
