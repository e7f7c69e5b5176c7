create or replace function workspace.lose_group()
returns trigger
language plpgsql
volatile
set search_path = ''
as $$
begin
  if new.visibility = 'group' and new.group_id is null then
    new.visibility := 'members';
  end if;
  return new;
end
$$;

comment on function workspace.lose_group() is
  'Trigger. A project that loses its group, because the group is purged, is read by its members alone; without this the group could not be purged.';

revoke all on function workspace.lose_group() from public;
