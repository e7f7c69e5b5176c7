create or replace function audit.refuse_change()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'the audit log only grows: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'restrict_violation';
end
$$;

comment on function audit.refuse_change() is
  'Trigger of the audit log: refuses every UPDATE, DELETE and TRUNCATE, of the owner too. Old entries leave by dropping a whole partition after it was exported.';

revoke all on function audit.refuse_change() from public;
