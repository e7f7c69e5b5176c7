create or replace function tracker.add_to_totals(p_column text, p_user_ids uuid[], p_changes bigint[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform tracker.ensure_statistics(p_user_ids);
  perform
  from tracker.user_statistics as totals
  where totals.user_id = any (p_user_ids)
  order by totals.user_id
  for no key update;
  execute format(
    'update tracker.user_statistics as totals
     set %1$I = greatest(totals.%1$I + change.by, 0),
         updated_at = now()
     from unnest($1, $2) as change (user_id, by)
     where totals.user_id = change.user_id',
    p_column
  )
  using p_user_ids, p_changes;
end
$$;

comment on function tracker.add_to_totals(text, uuid[], bigint[]) is
  'Internal, for triggers: adds to one figure in the totals of several people, each named once, under their locks by person.';

revoke all on function tracker.add_to_totals(text, uuid[], bigint[]) from public;
