create or replace function groups.clean_url(p_url text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  cleaned constant text := nullif(btrim(p_url), '');
begin
  if char_length(cleaned) > 2000 or cleaned !~* '^https?://[^[:space:]/?#]+[^[:space:]]*$' then
    perform core.fail('group.url_invalid');
  end if;
  return lower(substring(cleaned from '^[A-Za-z]+')) || substring(cleaned from '^[A-Za-z]+(.*)$');
end
$$;

comment on function groups.clean_url(text) is
  'Internal. A web address with its scheme in lower case, or null. Refuses anything that is not http or https, holds white space or is longer than 2,000 characters (group.url_invalid).';

revoke all on function groups.clean_url(text) from public;
