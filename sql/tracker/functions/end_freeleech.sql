create or replace function tracker.end_freeleech(p_now timestamptz default now(), p_limit integer default 1000)
returns integer
language plpgsql
volatile
-- The worker has no right to update.
security definer
set search_path = ''
as $$
declare
  ended integer;
begin
  update tracker.torrents as target
  set is_freeleech = false,
      freeleech_until = null
  where target.id in (
    select due.id
    from tracker.torrents as due
    where due.freeleech_until <= p_now
    order by due.id
    limit p_limit
    for no key update skip locked
  );
  get diagnostics ended = row_count;
  return ended;
end
$$;

comment on function tracker.end_freeleech(timestamptz, integer) is
  'For the worker: unmarks torrents whose free time is over, so that lists of free torrents do not hold them; announces look at the time themselves. Returns how many.';

revoke all on function tracker.end_freeleech(timestamptz, integer) from public;
grant execute on function tracker.end_freeleech(timestamptz, integer) to stoa_worker;
