create or replace function moderation.take_down(p_type text, p_id uuid, p_parent_id uuid, p_reason text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  kind core.report_subjects;
  still_there boolean;
begin
  select * into kind from core.report_subjects as subject where subject.type = p_type;
  if kind.removal is null then
    perform core.fail('report.not_removable');
  end if;

  begin
    execute format('select %s', kind.removal) using p_parent_id, p_id, p_reason;
  exception
    -- Gone is gone: its author or somebody else was faster.
    when sqlstate 'ST410' then
      null;
    when sqlstate 'ST404' then
      execute format('select exists (select from %s as target where target.%I = $1)', kind.table_name::regclass, kind.key_column)
      into still_there
      using p_id;
      if still_there then
        raise;
      end if;
  end;
end
$$;

comment on function moderation.take_down(text, uuid, uuid, text) is
  'Internal. Takes a thing down as the caller, by the procedure of its module: with that procedure''s rules, audit and notice to the author. Content with it what is gone already. Refuses kinds without such a procedure (report.not_removable), and whatever the procedure refuses.';

revoke all on function moderation.take_down(text, uuid, uuid, text) from public;
