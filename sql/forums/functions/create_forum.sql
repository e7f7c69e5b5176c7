create or replace function forums.create_forum(
  p_name text,
  p_slug text,
  p_description text default null,
  p_parent_id uuid default null,
  p_layout text default 'threaded',
  p_is_public boolean default true,
  p_is_nsfw boolean default false
)
returns forums.forums
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  forum_name constant text := core.clean_text(p_name, 100);
  forum_slug constant text := forums.check_forum_slug(p_slug);
  forum_description constant text := core.clean_text(p_description, 5000, false);
  forum forums.forums;
begin
  if p_layout is null or p_layout not in ('threaded', 'flat') then
    perform core.fail('input.malformed');
  end if;
  if p_parent_id is not null then
    perform forums.readable_forum(p_parent_id);
    perform forums.require_permission(p_parent_id, 5);
  end if;
  perform forums.check_owned_limit(me);

  begin
    insert into forums.forums (name, slug, description, parent_id, layout, is_public, is_nsfw, owner_id)
    values (
      forum_name, forum_slug, forum_description, p_parent_id, p_layout,
      coalesce(p_is_public, true), coalesce(p_is_nsfw, false), me
    )
    returning * into forum;
  exception
    when unique_violation then perform core.fail('forum.slug_taken');
  end;

  insert into forums.subscriptions (user_id, forum_id) values (me, forum.id);
  select * into forum from forums.forums as created where created.id = forum.id;
  return forum;
end
$$;

comment on function forums.create_forum(text, text, text, uuid, text, boolean, boolean) is
  'Creates a forum that the caller owns and follows. layout: threaded or flat. Under a parent only with EDIT_FORUM there. Refuses an address that is malformed (forum.slug_invalid), reserved (forum.slug_reserved) or taken (forum.slug_taken), more forums than the caller''s class may own (forum.limit_reached), and nesting deeper than five levels (forum.too_deep). Limits: name and slug 100 characters, description 5,000.';

revoke all on function forums.create_forum(text, text, text, uuid, text, boolean, boolean) from public;
grant execute on function forums.create_forum(text, text, text, uuid, text, boolean, boolean) to stoa_member;
