create or replace function forums.count_subscriptions()
returns trigger
language plpgsql
-- Fires for whoever writes a subscription; the counter is nobody's to write.
security definer
set search_path = ''
as $$
declare
  step constant integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  perform
  from forums.forums as forum
  where forum.id in (select changed.forum_id from changed)
  order by forum.id
  for no key update;

  update forums.forums as forum
  set subscriber_count = forum.subscriber_count + step * counted.amount
  from (
    select changed.forum_id, count(*)::integer as amount
    from changed
    group by changed.forum_id
  ) as counted
  where forum.id = counted.forum_id;
  return null;
end
$$;

comment on function forums.count_subscriptions() is
  'Trigger. Keeps forums.subscriber_count: one update a forum and statement, forums locked in the order of their keys.';

revoke all on function forums.count_subscriptions() from public;
