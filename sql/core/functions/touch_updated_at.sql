create or replace function core.touch_updated_at()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end
$$;

comment on function core.touch_updated_at() is
  'Keeps updated_at: the time of the transaction that last changed the row.';

revoke all on function core.touch_updated_at() from public;
