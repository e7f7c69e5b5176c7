create or replace function tracker.ensure_statistics(p_user_ids uuid[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  -- In the order of the lock that follows: whoever inserts the same row is waited for here, holding no later one.
  insert into tracker.user_statistics (user_id)
  select person.id
  from unnest(p_user_ids) as person (id)
  where person.id is not null
    and not exists (select from tracker.user_statistics as present where present.user_id = person.id)
  group by person.id
  order by person.id
  on conflict (user_id) do nothing;
end
$$;

comment on function tracker.ensure_statistics(uuid[]) is
  'Internal. Makes the rows of totals that these people do not have yet. For callers that are about to lock them, in the same order: by user.';

revoke all on function tracker.ensure_statistics(uuid[]) from public;
