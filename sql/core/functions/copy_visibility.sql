create or replace function core.copy_visibility()
returns trigger
language plpgsql
-- Reads settings that only their owner may read.
security definer
set search_path = ''
as $$
begin
  select case tg_table_name when 'profiles' then settings.profile_visibility else settings.presence_visibility end
  into new.visibility
  from core.user_settings as settings
  where settings.user_id = new.user_id;

  if new.visibility is null then
    new.visibility := case tg_table_name when 'profiles' then 'public' else 'members' end;
  end if;

  return new;
end
$$;

comment on function core.copy_visibility() is
  'Trigger of core.profiles and core.presence: a new row starts with the visibility that its owner has chosen, or with the default.';

revoke all on function core.copy_visibility() from public;
