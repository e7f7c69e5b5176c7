create or replace function media.transfer_seconds()
returns integer
language sql
stable
-- The login for bytes may read no settings.
security definer
set search_path = ''
begin atomic
  select core.setting_integer('media.transfer_seconds')::integer;
end;

comment on function media.transfer_seconds() is
  'The API: how long an address for sending or fetching a file is good for, in seconds (setting media.transfer_seconds).';

revoke all on function media.transfer_seconds() from public;
grant execute on function media.transfer_seconds() to stoa_media;
