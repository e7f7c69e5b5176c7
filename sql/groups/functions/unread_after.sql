create or replace function groups.unread_after(p_channel_id uuid, p_last_seq bigint, p_read_seq bigint, p_since timestamptz)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_read_seq is not null then
    return greatest(0, p_last_seq - p_read_seq);
  end if;
  return (
    select count(*)
    from (
      select
      from groups.channel_messages as message
      where message.channel_id = p_channel_id
        and message.id >= core.uuidv7_floor(p_since)
      limit 100
    ) as newer
  );
end
$$;

comment on function groups.unread_after(uuid, bigint, bigint, timestamptz) is
  'Internal. How many messages a reader has not read: the distance from their marker to the newest, or, in a channel that they never opened, those since they came, at most 100.';

revoke all on function groups.unread_after(uuid, bigint, bigint, timestamptz) from public;
