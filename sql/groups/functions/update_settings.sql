create or replace function groups.update_settings(p_group_id uuid, p_patch jsonb)
returns groups.group_settings
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  channel_keys constant text[] := array['afk_channel_id', 'system_channel_id', 'rules_channel_id', 'public_updates_channel_id'];
  me constant uuid := core.require_member();
  target_group groups.groups;
  before groups.group_settings;
  after groups.group_settings;
  images jsonb;
  named record;
begin
  target_group := groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MANAGE_GROUP');
  perform groups.check_patch_types(
    p_patch,
    channel_keys || array['region'],
    array[]::text[],
    array[
      'afk_timeout_seconds', 'verification_level', 'default_message_notifications', 'explicit_content_filter',
      'mfa_level', 'system_channel_flags', 'max_presences'
    ],
    channel_keys || array['max_presences']
  );
  if p_patch ? 'mfa_level' then
    if target_group.owner_id <> me then
      perform core.fail('group.not_allowed');
    end if;
    if not groups.has_second_factor(me) then
      perform core.fail('group.second_factor_required');
    end if;
  end if;
  for named in select field.key, field.value from jsonb_each_text(p_patch) as field where field.key = any (channel_keys) loop
    continue when named.value is null;
    if named.value !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
      perform core.fail('input.malformed');
    end if;
    perform
    from groups.channels as channel
    where channel.group_id = p_group_id and channel.id = named.value::uuid and channel.deleted_at is null;
    if not found then
      perform core.fail('channel.unknown');
    end if;
    perform
    from groups.channels as channel
    where channel.id = named.value::uuid
      and channel.type = any (case when named.key = 'afk_channel_id' then array['voice'] else array['text', 'announcement'] end);
    if not found then
      perform core.fail('channel.wrong_type');
    end if;
  end loop;

  select * into before from groups.group_settings as settings where settings.group_id = p_group_id for no key update;
  after := jsonb_populate_record(before, p_patch);
  after.region := core.clean_text(after.region, 20);
  begin
    update groups.group_settings as settings
    set region = after.region,
        afk_channel_id = after.afk_channel_id,
        afk_timeout_seconds = after.afk_timeout_seconds,
        verification_level = after.verification_level,
        default_message_notifications = after.default_message_notifications,
        explicit_content_filter = after.explicit_content_filter,
        mfa_level = after.mfa_level,
        system_channel_id = after.system_channel_id,
        system_channel_flags = after.system_channel_flags,
        rules_channel_id = after.rules_channel_id,
        public_updates_channel_id = after.public_updates_channel_id,
        max_presences = after.max_presences
    where settings.group_id = p_group_id
    returning * into after;
  exception
    when check_violation then perform core.fail('input.malformed');
  end;
  images := groups.patch_images(p_patch, to_jsonb(before), to_jsonb(after));
  perform audit.record(
    'update_group_settings', 'groups.group_settings', p_group_id, images -> 'before', images -> 'after', p_group_id => p_group_id
  );
  return after;
end
$$;

comment on function groups.update_settings(uuid, jsonb) is
  E'@name update_group_settings\nChanges how a group behaves. The patch may name region, afk_channel_id, afk_timeout_seconds, verification_level, default_message_notifications, explicit_content_filter, mfa_level, system_channel_id, system_channel_flags, rules_channel_id, public_updates_channel_id, max_presences; null clears channels and max_presences. Needs MANAGE_GROUP (group.not_allowed). Only the owner changes mfa_level, and needs a second factor for that (group.second_factor_required). Refuses other keys (input.unknown_key), values that are malformed or out of range (input.malformed), and channels that are not of this group or not of the kind (channel.unknown, channel.wrong_type). Audited.';

revoke all on function groups.update_settings(uuid, jsonb) from public;
grant execute on function groups.update_settings(uuid, jsonb) to stoa_member;
