create or replace function groups.update_group(p_group_id uuid, p_patch jsonb)
returns groups.groups
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  nullable constant text[] := array['description', 'icon_url', 'banner_url', 'splash_url', 'vanity_code'];
  me constant uuid := core.require_member();
  before groups.groups;
  after groups.groups;
  images jsonb;
begin
  before := groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MANAGE_GROUP');
  perform groups.check_patch_types(
    p_patch - 'features', nullable || array['name', 'preferred_locale'], array['is_public', 'nsfw'], array['max_members'], nullable
  );
  after := before;
  if p_patch ? 'name' then after.name := core.clean_text(p_patch ->> 'name', 100); end if;
  after.description := core.patch_text(p_patch, 'description', before.description, 5000);
  if p_patch ? 'icon_url' then after.icon_url := groups.clean_url(p_patch ->> 'icon_url'); end if;
  if p_patch ? 'banner_url' then after.banner_url := groups.clean_url(p_patch ->> 'banner_url'); end if;
  if p_patch ? 'splash_url' then after.splash_url := groups.clean_url(p_patch ->> 'splash_url'); end if;
  if p_patch ? 'vanity_code' then
    after.vanity_code := lower(btrim(p_patch ->> 'vanity_code'));
    if after.vanity_code !~ '^[a-z0-9-]{2,50}$' then
      perform core.fail('group.vanity_invalid');
    end if;
  end if;
  if p_patch ? 'preferred_locale' then
    after.preferred_locale := core.clean_text(p_patch ->> 'preferred_locale', 10);
  end if;
  if p_patch ? 'is_public' then after.is_public := (p_patch ->> 'is_public')::boolean; end if;
  if p_patch ? 'nsfw' then after.nsfw := (p_patch ->> 'nsfw')::boolean; end if;
  if p_patch ? 'max_members' then
    after.max_members := (p_patch ->> 'max_members')::integer;
    if after.max_members < 1 then
      perform core.fail('input.malformed');
    end if;
  end if;
  if p_patch ? 'features' then
    if jsonb_typeof(p_patch -> 'features') <> 'array'
      or jsonb_array_length(p_patch -> 'features') > 20
      or exists (
        select
        from jsonb_array_elements(p_patch -> 'features') as feature (value)
        where jsonb_typeof(feature.value) <> 'string' or feature.value #>> '{}' !~ '^[a-z_]{1,40}$'
      )
    then
      perform core.fail('input.malformed');
    end if;
    after.features := array(select distinct jsonb_array_elements_text(p_patch -> 'features') order by 1);
  end if;

  begin
    update groups.groups as target
    set name = after.name,
        description = after.description,
        icon_url = after.icon_url,
        banner_url = after.banner_url,
        splash_url = after.splash_url,
        vanity_code = after.vanity_code,
        preferred_locale = after.preferred_locale,
        is_public = after.is_public,
        nsfw = after.nsfw,
        max_members = after.max_members,
        features = after.features
    where target.id = p_group_id
    returning * into after;
  exception
    when unique_violation then perform core.fail('group.vanity_taken');
  end;
  images := groups.patch_images(p_patch, to_jsonb(before), to_jsonb(after));
  perform audit.record(
    'update_group', 'groups.groups', p_group_id, images -> 'before', images -> 'after', p_group_id => p_group_id
  );
  return after;
end
$$;

comment on function groups.update_group(uuid, jsonb) is
  'Changes a group. The patch may name name, description, icon_url, banner_url, splash_url, vanity_code, preferred_locale, is_public, nsfw, max_members, features; null clears the texts that may be empty. Needs MANAGE_GROUP (group.not_allowed). Refuses other keys (input.unknown_key), values of the wrong kind (input.malformed), pictures that are no web address (group.url_invalid), a code that is malformed (group.vanity_invalid) or taken (group.vanity_taken). Limits: name 100, description 5,000, locale 10 characters, 20 features. Audited.';

revoke all on function groups.update_group(uuid, jsonb) from public;
grant execute on function groups.update_group(uuid, jsonb) to stoa_member;
