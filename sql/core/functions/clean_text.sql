create or replace function core.clean_text(p_text text, p_limit integer, p_required boolean default true)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  cleaned text := nullif(btrim(p_text, E' \t\n\r\f\v\u00a0'), '');
begin
  if cleaned is null and p_required then
    perform core.fail('input.empty');
  end if;

  if length(cleaned) > p_limit then
    perform core.fail('input.too_long');
  end if;

  return cleaned;
end
$$;

comment on function core.clean_text(text, integer, boolean) is
  'A text from a client, without white space around it; null when nothing is left and it is not required. Refuses an empty required text (input.empty) and one of more than p_limit characters (input.too_long).';

revoke all on function core.clean_text(text, integer, boolean) from public;
grant execute on function core.clean_text(text, integer, boolean) to stoa_worker;
