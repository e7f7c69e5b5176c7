create or replace function governance.ballots_are_open()
returns boolean
language sql
stable
-- Settings are not everybody's to read, and this one decides what the policies show.
security definer
set search_path = ''
begin atomic
  select coalesce(
    (select setting.value = 'true' from core.settings as setting where setting.key = 'governance.open_ballots'),
    false
  );
end;

comment on function governance.ballots_are_open() is
  E'@internal\nWhether members see ballots and the running result while voting is open (setting governance.open_ballots). In a policy, write (select governance.ballots_are_open()).';

revoke all on function governance.ballots_are_open() from public;
grant execute on function governance.ballots_are_open() to stoa_anonymous;
