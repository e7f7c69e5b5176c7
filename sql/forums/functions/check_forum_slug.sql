create or replace function forums.check_forum_slug(p_slug text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  slug constant text := forums.check_slug(p_slug);
begin
  if core.setting_json('forums.reserved_slugs') ? slug then
    perform core.fail('forum.slug_reserved');
  end if;
  return slug;
end
$$;

comment on function forums.check_forum_slug(text) is
  'Internal. The address of a forum. Refuses what forums.check_slug refuses, and the reserved ones of the setting forums.reserved_slugs (forum.slug_reserved).';

revoke all on function forums.check_forum_slug(text) from public;
