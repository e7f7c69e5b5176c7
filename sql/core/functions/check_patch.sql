create or replace function core.check_patch(p_patch jsonb, p_keys text[])
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if jsonb_typeof(p_patch) is distinct from 'object' then
    perform core.fail('input.malformed');
  end if;

  if exists (select from jsonb_object_keys(p_patch) as sent (name) where sent.name <> all (p_keys)) then
    perform core.fail('input.unknown_key');
  end if;
end
$$;

comment on function core.check_patch(jsonb, text[]) is
  'Lets a patch pass when it is an object that names known fields only. Refuses input.malformed and input.unknown_key.';

revoke all on function core.check_patch(jsonb, text[]) from public;
grant execute on function core.check_patch(jsonb, text[]) to stoa_worker;
