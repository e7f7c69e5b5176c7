create or replace function groups.join_lobbies()
returns trigger
language plpgsql
volatile
-- Fires for whoever makes an account, who may write no memberships.
security definer
set search_path = ''
as $$
declare
  lobby uuid;
begin
  for lobby in
    select target.id
    from groups.groups as target
    where target.auto_join and target.deleted_at is null
    order by target.id
  loop
    insert into groups.group_members (group_id, user_id)
    select lobby, added.id
    from added
    where not added.is_bot and not added.is_system
    on conflict do nothing;
  end loop;
  return null;
end
$$;

comment on function groups.join_lobbies() is
  'Trigger. Every new account, bots and system accounts aside, becomes a member of the groups with auto_join.';

revoke all on function groups.join_lobbies() from public;
