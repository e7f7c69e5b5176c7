create or replace function forums.count_poll_votes()
returns trigger
language plpgsql
-- Fires for whoever writes a ballot; the counter is nobody's to write.
security definer
set search_path = ''
as $$
declare
  step constant integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  perform
  from forums.poll_options as option
  where (option.post_id, option.position) in (select changed.post_id, changed.position from changed)
  order by option.post_id, option.position
  for no key update;

  update forums.poll_options as option
  set vote_count = option.vote_count + step * counted.amount
  from (
    select changed.post_id, changed.position, count(*)::integer as amount
    from changed
    group by changed.post_id, changed.position
  ) as counted
  where option.post_id = counted.post_id
    and option.position = counted.position;
  return null;
end
$$;

comment on function forums.count_poll_votes() is
  'Trigger. Keeps vote_count of poll options: one update an option and statement, options locked in the order of their keys.';

revoke all on function forums.count_poll_votes() from public;
