create or replace function forums.check_slug(p_slug text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  slug constant text := lower(core.clean_text(p_slug, 100));
begin
  if slug !~ '^[a-z0-9]+(-[a-z0-9]+)*$' then
    perform core.fail('forum.slug_invalid');
  end if;
  return slug;
end
$$;

comment on function forums.check_slug(text) is
  'Internal. A name for addresses in lower case. Refuses anything but letters a to z, digits and single hyphens (forum.slug_invalid), an empty one and one over 100 characters.';

revoke all on function forums.check_slug(text) from public;
