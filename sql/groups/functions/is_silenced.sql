create or replace function groups.is_silenced(p_user_id uuid, p_channel_id uuid)
returns boolean
language sql
stable
begin atomic
  select exists (
    select
    from groups.channel_reads as marker
    where marker.user_id = p_user_id
      and marker.channel_id = p_channel_id
      and (marker.notification_level = 'none' or marker.muted_until > now())
  );
end;

comment on function groups.is_silenced(uuid, uuid) is
  'Internal. Whether somebody wants to hear nothing of a channel at present.';

revoke all on function groups.is_silenced(uuid, uuid) from public;
