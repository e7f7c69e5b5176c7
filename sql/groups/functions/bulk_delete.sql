create or replace function groups.bulk_delete(p_channel_id uuid, p_message_ids uuid[], p_reason text default null)
returns integer
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 500, false);
  ids constant uuid[] := array(select distinct given.id from unnest(p_message_ids) as given (id));
  channel groups.channels;
  deleted integer;
begin
  channel := groups.permitted_channel(p_channel_id, 'MANAGE_MESSAGES');
  if cardinality(ids) not between 1 and 100 then
    perform core.fail('channel_message.list_invalid');
  end if;
  if exists (select from unnest(ids) as given (id) where given.id < core.uuidv7_floor(now() - interval '14 days')) then
    perform core.fail('channel_message.too_old');
  end if;
  perform from groups.channels as target where target.id = p_channel_id for no key update;
  perform
  from groups.channel_messages as message
  where message.channel_id = p_channel_id and message.id = any (ids)
  order by message.id
  for no key update;
  if (
    select count(*) from groups.channel_messages as message where message.channel_id = p_channel_id and message.id = any (ids)
  ) <> cardinality(ids) then
    perform core.fail('channel_message.unknown');
  end if;
  update groups.channel_messages as message
  set deleted_at = now(),
      deleted_by = me
  where message.channel_id = p_channel_id
    and message.id = any (ids)
    and message.deleted_at is null;
  get diagnostics deleted = row_count;
  perform core.announce('channel', array(select p_channel_id || '/' || given.id from unnest(ids) as given (id)));
  delete from groups.pinned_messages as pin where pin.channel_id = p_channel_id and pin.message_id = any (ids);
  perform audit.record(
    'bulk_delete_channel_messages', 'groups.channels', p_channel_id, null,
    jsonb_build_object('message_ids', to_jsonb(ids)), why, channel.group_id
  );
  return deleted;
end
$$;

comment on function groups.bulk_delete(uuid, uuid[], text) is
  E'@name bulk_delete_channel_messages\nDeletes up to 100 messages of a channel that are at most 14 days old, and returns how many it deleted; those deleted before do not count. Needs MANAGE_MESSAGES (channel.not_allowed). Refuses channel.unknown, an empty or longer list (channel_message.list_invalid), messages that are not there (channel_message.unknown) or older (channel_message.too_old). Limit: reason 500 characters. Audited.';

revoke all on function groups.bulk_delete(uuid, uuid[], text) from public;
grant execute on function groups.bulk_delete(uuid, uuid[], text) to stoa_member;
