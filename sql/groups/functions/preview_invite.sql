create or replace function groups.preview_invite(p_code text)
returns table (group_id uuid, name text, description text, icon_url text, splash_url text, member_count integer, channel_name text, expires_at timestamptz)
language plpgsql
stable
rows 1
-- Whoever holds a code sees what it leads to, though the group be closed to them.
security definer
set search_path = ''
as $$
declare
  invite groups.invites;
  home uuid;
begin
  select * into invite from groups.invites as target where target.code = p_code;
  if found then
    if invite.revoked_at is not null
      or invite.expires_at <= clock_timestamp()
      or invite.use_count >= invite.max_uses
    then
      perform core.fail('invite.gone');
    end if;
    home := invite.group_id;
  else
    select target.id into home from groups.groups as target where target.vanity_code = lower(p_code);
  end if;
  return query
    select
      target.id, target.name::text, target.description, target.icon_url, target.splash_url, target.member_count,
      channel.name::text, invite.expires_at
    from groups.groups as target
    left join groups.channels as channel
      on channel.id = invite.channel_id and channel.deleted_at is null and not channel.is_private
    where target.id = home
      and target.deleted_at is null;
  if not found then
    perform core.fail('invite.unknown');
  end if;
end
$$;

comment on function groups.preview_invite(text) is
  E'@name preview_group_invite\n@returns group_invite_preview\n@column channel_name The channel that it leads to.\nWhat an invitation, or a group''s own code, leads to: name, pictures and size. Refuses a code that is unknown (invite.unknown), and one that is withdrawn, ended or used up (invite.gone).';

revoke all on function groups.preview_invite(text) from public;
grant execute on function groups.preview_invite(text) to stoa_anonymous;
