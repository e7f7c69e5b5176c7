create or replace function groups.update_channel(p_channel_id uuid, p_patch jsonb)
returns groups.channels
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  nullable constant text[] := array[
    'topic', 'category_id', 'bitrate', 'user_limit', 'rtc_region', 'default_auto_archive_minutes', 'retention_days'
  ];
  me constant uuid := core.require_member();
  before groups.channels;
  after groups.channels;
  images jsonb;
begin
  before := groups.managed_channel(p_channel_id, 'MANAGE_CHANNELS');
  perform groups.check_patch_types(
    p_patch,
    array['name', 'topic', 'category_id', 'type', 'rtc_region'],
    array['is_private', 'nsfw'],
    array['slowmode_seconds', 'bitrate', 'user_limit', 'video_quality_mode', 'default_auto_archive_minutes', 'retention_days'],
    nullable
  );
  if p_patch ? 'retention_days' then
    perform groups.require_permission(before.group_id, 'MANAGE_GROUP');
  end if;
  after := before;
  if p_patch ? 'name' then after.name := core.clean_text(p_patch ->> 'name', 100); end if;
  after.topic := core.patch_text(p_patch, 'topic', before.topic, 500);
  after.rtc_region := core.patch_text(p_patch, 'rtc_region', before.rtc_region, 20);
  if p_patch ? 'type' and p_patch ->> 'type' <> before.type then
    if before.type = 'voice' or p_patch ->> 'type' not in ('text', 'announcement') then
      perform core.fail('input.malformed');
    end if;
    after.type := p_patch ->> 'type';
  end if;
  if p_patch ? 'category_id' then
    if p_patch ->> 'category_id' !~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
      perform core.fail('input.malformed');
    end if;
    after.category_id := (p_patch ->> 'category_id')::uuid;
    perform groups.check_category(before.group_id, after.category_id);
  end if;
  if p_patch ? 'is_private' then after.is_private := (p_patch ->> 'is_private')::boolean; end if;
  if p_patch ? 'nsfw' then after.nsfw := (p_patch ->> 'nsfw')::boolean; end if;
  if p_patch ? 'slowmode_seconds' then after.slowmode_seconds := (p_patch ->> 'slowmode_seconds')::integer; end if;
  if p_patch ? 'bitrate' then after.bitrate := (p_patch ->> 'bitrate')::integer; end if;
  if p_patch ? 'default_auto_archive_minutes' then
    after.default_auto_archive_minutes := (p_patch ->> 'default_auto_archive_minutes')::integer;
  end if;
  if p_patch ? 'retention_days' then after.retention_days := (p_patch ->> 'retention_days')::integer; end if;
  begin
    if p_patch ? 'user_limit' then after.user_limit := (p_patch ->> 'user_limit')::smallint; end if;
    if p_patch ? 'video_quality_mode' then after.video_quality_mode := (p_patch ->> 'video_quality_mode')::smallint; end if;
    update groups.channels as channel
    set name = after.name,
        topic = after.topic,
        type = after.type,
        category_id = after.category_id,
        is_private = after.is_private,
        nsfw = after.nsfw,
        slowmode_seconds = after.slowmode_seconds,
        bitrate = after.bitrate,
        user_limit = after.user_limit,
        rtc_region = after.rtc_region,
        video_quality_mode = after.video_quality_mode,
        default_auto_archive_minutes = after.default_auto_archive_minutes,
        retention_days = after.retention_days
    where channel.id = p_channel_id
    returning * into after;
  exception
    when check_violation or numeric_value_out_of_range then perform core.fail('input.malformed');
  end;
  images := groups.patch_images(p_patch, to_jsonb(before), to_jsonb(after));
  perform audit.record(
    'update_channel', 'groups.channels', p_channel_id, images -> 'before', images -> 'after', p_group_id => before.group_id
  );
  return after;
end
$$;

comment on function groups.update_channel(uuid, jsonb) is
  'Changes a channel. The patch may name name, topic, category_id, type (text and announcement change into each other), is_private, nsfw, slowmode_seconds, bitrate, user_limit, rtc_region, video_quality_mode, default_auto_archive_minutes, retention_days; null clears what may be empty. Needs MANAGE_CHANNELS there (channel.not_allowed); retention_days, which deletes messages, needs MANAGE_GROUP (group.not_allowed). Refuses channel.unknown, threads (channel.wrong_type), other keys (input.unknown_key), values that are malformed, out of range or not for this type (input.malformed), a heading of another group (channel_category.unknown). Audited.';

revoke all on function groups.update_channel(uuid, jsonb) from public;
grant execute on function groups.update_channel(uuid, jsonb) to stoa_member;
