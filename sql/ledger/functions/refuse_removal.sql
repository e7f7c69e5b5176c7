create or replace function ledger.refuse_removal()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'the ledger only grows: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'restrict_violation';
end
$$;

comment on function ledger.refuse_removal() is
  'Trigger of the ledger: refuses every DELETE and TRUNCATE, of the owner too.';

revoke all on function ledger.refuse_removal() from public;
