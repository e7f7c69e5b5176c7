create or replace function forums.clean_url(p_url text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  cleaned constant text := btrim(p_url);
begin
  if cleaned is null
    or char_length(cleaned) > 2000
    or cleaned !~* '^https?://[^[:space:]/?#]+[^[:space:]]*$'
  then
    perform core.fail('post.link_invalid');
  end if;
  -- Schemes are case-insensitive; one spelling is kept.
  return lower(substring(cleaned from '^[A-Za-z]+')) || substring(cleaned from '^[A-Za-z]+(.*)$');
end
$$;

comment on function forums.clean_url(text) is
  'Internal. A web address with its scheme in lower case. Refuses anything that is not http or https, holds white space or is longer than 2,000 characters (post.link_invalid).';

revoke all on function forums.clean_url(text) from public;
