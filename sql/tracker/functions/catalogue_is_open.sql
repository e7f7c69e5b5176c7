create or replace function tracker.catalogue_is_open()
returns boolean
language sql
stable
-- Settings are not readable by everybody.
security definer
set search_path = ''
begin atomic
  -- Not core.setting_boolean, which refuses where nothing is set: a policy must answer.
  select core.current_role_rank() >= 1
    or coalesce(
      (select setting.value::boolean from core.settings as setting where setting.key = 'tracker.public_catalogue'),
      true
    );
end;

comment on function tracker.catalogue_is_open() is
  E'@behavior -*\nInternal. Whether the caller may see the catalogue at all: members always, visitors where the setting tracker.public_catalogue says so. For policies.';

revoke all on function tracker.catalogue_is_open() from public;
grant execute on function tracker.catalogue_is_open() to stoa_anonymous;
