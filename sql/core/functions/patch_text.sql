create or replace function core.patch_text(p_patch jsonb, p_key text, p_current text, p_limit integer)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  if not p_patch ? p_key then
    return p_current;
  end if;

  if jsonb_typeof(p_patch -> p_key) not in ('string', 'null') then
    perform core.fail('input.malformed');
  end if;

  return core.clean_text(p_patch ->> p_key, p_limit, false);
end
$$;

comment on function core.patch_text(jsonb, text, text, integer) is
  'What a text becomes under a patch: the current one when the patch does not name it, null when it is nulled or blank. Refuses what is no text (input.malformed) and more than p_limit characters (input.too_long).';

revoke all on function core.patch_text(jsonb, text, text, integer) from public;
grant execute on function core.patch_text(jsonb, text, text, integer) to stoa_worker;
