create or replace function groups.create_emoji(p_group_id uuid, p_name text, p_upload_id uuid)
returns groups.custom_emojis
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  upload media.uploads;
  emoji groups.custom_emojis;
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MANAGE_EMOJIS');
  if p_name is null or p_name !~ '^[a-z0-9_]{2,32}$' then
    perform core.fail('custom_emoji.name_invalid');
  end if;
  if (select count(*) from groups.custom_emojis as known where known.group_id = p_group_id) >= 200 then
    perform core.fail('custom_emoji.limit_reached');
  end if;
  select * into upload
  from media.uploads as file
  where file.id = p_upload_id
    and file.user_id = me
    and file.status = 'ready'
    and file.deleted_at is null
    and file.content_type like 'image/%'
    and file.size_bytes <= 524288
  for no key update;
  if not found then
    perform core.fail('custom_emoji.upload_unusable');
  end if;
  begin
    insert into groups.custom_emojis (group_id, name, upload_id, animated, created_by)
    values (p_group_id, p_name, p_upload_id, upload.content_type = 'image/gif', me)
    returning * into emoji;
  exception
    when unique_violation then perform core.fail('custom_emoji.name_taken');
  end;
  perform audit.record(
    'create_custom_emoji', 'groups.custom_emojis', emoji.id, null, jsonb_build_object('name', emoji.name), p_group_id => p_group_id
  );
  return emoji;
end
$$;

comment on function groups.create_emoji(uuid, text, uuid) is
  E'@name create_custom_emoji\nAdds an emoji to a group from an own finished picture of at most 512 kB. Needs MANAGE_EMOJIS (group.not_allowed). Refuses a name that is not of 2 to 32 lower-case letters, digits and underscores (custom_emoji.name_invalid) or taken (custom_emoji.name_taken), a file that cannot be used (custom_emoji.upload_unusable), and more than 200 (custom_emoji.limit_reached). Audited.';

revoke all on function groups.create_emoji(uuid, text, uuid) from public;
grant execute on function groups.create_emoji(uuid, text, uuid) to stoa_member;
