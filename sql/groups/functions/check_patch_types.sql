create or replace function groups.check_patch_types(p_patch jsonb, p_texts text[], p_flags text[], p_numbers text[], p_nullable text[])
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  perform core.check_patch(p_patch, p_texts || p_flags || p_numbers);
  if exists (
    select
    from jsonb_each(p_patch) as field
    where not (
      (jsonb_typeof(field.value) = 'string' and field.key = any (p_texts))
      or (jsonb_typeof(field.value) = 'boolean' and field.key = any (p_flags))
      or (
        jsonb_typeof(field.value) = 'number'
        and field.key = any (p_numbers)
        and field.value::text ~ '^-?[0-9]{1,10}$'
        and (field.value::text)::bigint between -2147483648 and 2147483647
      )
      or (jsonb_typeof(field.value) = 'null' and field.key = any (p_nullable))
    )
  ) then
    perform core.fail('input.malformed');
  end if;
end
$$;

comment on function groups.check_patch_types(jsonb, text[], text[], text[], text[]) is
  'Internal. Lets a patch pass when each of its fields is known and of its kind: texts, booleans, whole numbers of at most ten digits, and null where a field can be cleared. Refuses input.unknown_key and input.malformed.';

revoke all on function groups.check_patch_types(jsonb, text[], text[], text[], text[]) from public;
