create or replace function messaging.check_pace(p_user_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  limit_of_pace constant bigint := core.setting_integer('messages.pace_limit');
  seconds constant bigint := core.setting_integer('messages.pace_seconds');
  sent bigint;
  oldest timestamptz;
  since uuid;
begin
  -- Parallel sends of one person to several conversations would all count the same few messages.
  perform pg_advisory_xact_lock(hashtextextended('messaging.pace:' || p_user_id, 0));

  -- In a variable: a clock that moves on within a statement is no bound of an index.
  since := core.uuidv7_floor(clock_timestamp() - make_interval(secs => seconds));
  select count(*), min(core.uuidv7_time(recent.id))
  into sent, oldest
  from (
    select message.id
    from messaging.messages as message
    where message.sender_id = p_user_id
      and message.id >= since
      and message.type <> 'system'
    order by message.id desc
    limit limit_of_pace
  ) as recent;

  if sent >= limit_of_pace then
    perform core.fail(
      'message.too_fast',
      greatest(1, ceil(extract(epoch from oldest + make_interval(secs => seconds) - clock_timestamp())))::integer
    );
  end if;
end
$$;

comment on function messaging.check_pace(uuid) is
  'Internal. Refuses one more message of somebody who has sent messages.pace_limit of them within messages.pace_seconds (message.too_fast, with the seconds to wait), and lets one of their sends through at a time. One short range of an index.';

revoke all on function messaging.check_pace(uuid) from public;
