create or replace function groups.is_banned(p_group_id uuid, p_user_id uuid)
returns boolean
language sql
stable
begin atomic
  select exists (
    select
    from groups.bans as ban
    where ban.group_id = p_group_id
      and ban.user_id = p_user_id
      and (ban.expires_at is null or ban.expires_at > clock_timestamp())
  );
end;

comment on function groups.is_banned(uuid, uuid) is
  'Internal. Whether a ban of this person from the group is in force. One look-up by primary key.';

revoke all on function groups.is_banned(uuid, uuid) from public;
