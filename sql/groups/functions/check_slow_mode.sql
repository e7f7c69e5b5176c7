create or replace function groups.check_slow_mode(p_channel_id uuid, p_user_id uuid, p_seconds integer)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  earlier timestamptz;
begin
  -- clock_timestamp and not now(): who waited for the mark would else compare it with a moment before the wait.
  insert into groups.slowmode_marks as mark (channel_id, user_id, last_sent_at)
  values (p_channel_id, p_user_id, clock_timestamp())
  on conflict (channel_id, user_id) do update
  set last_sent_at = clock_timestamp()
  where mark.last_sent_at <= clock_timestamp() - make_interval(secs => p_seconds);
  if not found then
    select mark.last_sent_at into earlier
    from groups.slowmode_marks as mark
    where mark.channel_id = p_channel_id and mark.user_id = p_user_id;
    perform core.fail(
      'channel.slow_mode',
      greatest(1, ceil(extract(epoch from earlier + make_interval(secs => p_seconds) - clock_timestamp()))::integer)
    );
  end if;
end
$$;

comment on function groups.check_slow_mode(uuid, uuid, integer) is
  'Internal. Lets one message of a person through each so many seconds: a single upsert, so that of several at once one passes. Refuses the others with the seconds to wait (channel.slow_mode).';

revoke all on function groups.check_slow_mode(uuid, uuid, integer) from public;
