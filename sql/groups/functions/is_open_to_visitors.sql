create or replace function groups.is_open_to_visitors()
returns boolean
language sql
stable
begin atomic
  select coalesce(
    (select setting.value::boolean from core.settings as setting where setting.key = 'groups.public_reading'),
    true
  );
end;

comment on function groups.is_open_to_visitors() is
  'Internal. Whether visitors may look into public groups: the setting groups.public_reading, yes when it is not there, because policies ask this and must not fail.';

revoke all on function groups.is_open_to_visitors() from public;
