create or replace function forums.update_forum(p_forum_id uuid, p_patch jsonb)
returns forums.forums
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  -- What a moderator with EDIT_FORUM may change; the rest is the owner's.
  open_to_moderators constant text[] := array['description', 'icon_url', 'banner_url'];
  texts constant text[] := array['name', 'slug', 'description', 'icon_url', 'banner_url', 'custom_css', 'layout', 'parent_id'];
  flags constant text[] := array['is_public', 'is_nsfw', 'auto_upvote_own'];
  numbers constant text[] := array['position', 'min_read_class_id', 'min_post_class_id'];
  nullable constant text[] := array[
    'description', 'icon_url', 'banner_url', 'custom_css', 'parent_id', 'min_read_class_id', 'min_post_class_id'
  ];
  me constant uuid := core.require_member();
  before forums.forums;
  after forums.forums;
  field record;
begin
  before := forums.readable_forum(p_forum_id);
  if p_patch is null or jsonb_typeof(p_patch) <> 'object' then
    perform core.fail('input.malformed');
  end if;
  for field in select entry.key, jsonb_typeof(entry.value) as kind, entry.value from jsonb_each(p_patch) as entry loop
    if field.key <> all (texts || flags || numbers) then
      perform core.fail('input.unknown_key');
    end if;
    if before.owner_id <> me and core.current_role_rank() < 2 then
      if field.key <> all (open_to_moderators) then
        perform core.fail('forum.not_allowed');
      end if;
    end if;
    if not (
      (field.kind = 'string' and field.key = any (texts))
      or (field.kind = 'boolean' and field.key = any (flags))
      or (field.kind = 'number' and field.key = any (numbers) and field.value::text ~ '^-?[0-9]{1,4}$')
      or (field.kind = 'null' and field.key = any (nullable))
    ) then
      perform core.fail('input.malformed');
    end if;
  end loop;
  perform forums.require_permission(p_forum_id, 5);

  select * into before from forums.forums as forum where forum.id = p_forum_id for no key update;
  after := before;
  if p_patch ? 'name' then after.name := core.clean_text(p_patch ->> 'name', 100); end if;
  if p_patch ? 'slug' and p_patch ->> 'slug' is distinct from before.slug then
    after.slug := forums.check_forum_slug(p_patch ->> 'slug');
  end if;
  if p_patch ? 'description' then after.description := core.clean_text(p_patch ->> 'description', 5000, false); end if;
  if p_patch ? 'icon_url' then
    after.icon_url := case when p_patch ->> 'icon_url' is not null then forums.clean_url(p_patch ->> 'icon_url') end;
  end if;
  if p_patch ? 'banner_url' then
    after.banner_url := case when p_patch ->> 'banner_url' is not null then forums.clean_url(p_patch ->> 'banner_url') end;
  end if;
  if p_patch ? 'custom_css' then
    if p_patch ->> 'custom_css' is not null and not forums.is_premium(before.owner_id) then
      perform core.fail('forum.css_needs_premium');
    end if;
    after.custom_css := forums.check_css(p_patch ->> 'custom_css', format('[data-forum="%s"]', p_forum_id));
  end if;
  if p_patch ? 'layout' then
    after.layout := p_patch ->> 'layout';
    if after.layout not in ('threaded', 'flat') then
      perform core.fail('input.malformed');
    end if;
  end if;
  if p_patch ? 'parent_id' then
    if p_patch ->> 'parent_id' !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
      perform core.fail('input.malformed');
    end if;
    after.parent_id := (p_patch ->> 'parent_id')::uuid;
    if after.parent_id is distinct from before.parent_id and after.parent_id is not null then
      if after.parent_id = p_forum_id then
        perform core.fail('forum.too_deep');
      end if;
      perform forums.readable_forum(after.parent_id);
      perform forums.require_permission(after.parent_id, 5);
    end if;
  end if;
  if p_patch ? 'position' then after.position := (p_patch ->> 'position')::integer; end if;
  if p_patch ? 'is_public' then after.is_public := (p_patch ->> 'is_public')::boolean; end if;
  if p_patch ? 'is_nsfw' then after.is_nsfw := (p_patch ->> 'is_nsfw')::boolean; end if;
  if p_patch ? 'auto_upvote_own' then after.auto_upvote_own := (p_patch ->> 'auto_upvote_own')::boolean; end if;
  if p_patch ? 'min_read_class_id' then
    after.min_read_class_id := forums.check_class((p_patch ->> 'min_read_class_id')::smallint);
  end if;
  if p_patch ? 'min_post_class_id' then
    after.min_post_class_id := forums.check_class((p_patch ->> 'min_post_class_id')::smallint);
  end if;

  begin
    update forums.forums as forum
    set name = after.name,
        slug = after.slug,
        description = after.description,
        icon_url = after.icon_url,
        banner_url = after.banner_url,
        custom_css = after.custom_css,
        layout = after.layout,
        parent_id = after.parent_id,
        position = after.position,
        is_public = after.is_public,
        is_nsfw = after.is_nsfw,
        auto_upvote_own = after.auto_upvote_own,
        min_read_class_id = after.min_read_class_id,
        min_post_class_id = after.min_post_class_id
    where forum.id = p_forum_id
    returning * into after;
  exception
    when unique_violation then perform core.fail('forum.slug_taken');
  end;

  if before.owner_id <> me then
    perform audit.record(
      'update_forum', 'forums.forums', p_forum_id,
      (select jsonb_object_agg(key, to_jsonb(before) -> key) from jsonb_object_keys(p_patch) as key),
      (select jsonb_object_agg(key, to_jsonb(after) -> key) from jsonb_object_keys(p_patch) as key)
    );
  end if;
  return after;
end
$$;

comment on function forums.update_forum(uuid, jsonb) is
  'Changes a forum. The patch may name description, icon_url, banner_url (owner and moderators with EDIT_FORUM) and name, slug, custom_css, layout, parent_id, position, is_public, is_nsfw, auto_upvote_own, min_read_class_id, min_post_class_id (the owner alone); null clears description, icon_url, banner_url, custom_css, parent_id and the classes. Refuses other keys (input.unknown_key), values of the wrong kind (input.malformed), whoever lacks the permission (forum.not_allowed), addresses as forums.create_forum does, pictures that are no web address (post.link_invalid), a style by an owner who is not premium (forum.css_needs_premium) or with forbidden content (forum.css_refused), circles and deep nesting (forum.too_deep). A change by somebody else than the owner is audited.';

revoke all on function forums.update_forum(uuid, jsonb) from public;
grant execute on function forums.update_forum(uuid, jsonb) to stoa_member;
