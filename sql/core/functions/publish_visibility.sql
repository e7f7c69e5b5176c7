create or replace function core.publish_visibility()
returns trigger
language plpgsql
-- The tables that carry the copies may be written by functions only.
security definer
set search_path = ''
as $$
begin
  update core.profiles
  set visibility = new.profile_visibility
  where user_id = new.user_id
    and visibility <> new.profile_visibility;

  update core.presence
  set visibility = new.presence_visibility
  where user_id = new.user_id
    and visibility <> new.presence_visibility;

  return null;
end
$$;

comment on function core.publish_visibility() is
  'Trigger of core.user_settings: carries who may see a profile and a presence into those rows, where their policies read it.';

revoke all on function core.publish_visibility() from public;
