create or replace function groups.count_members()
returns trigger
language plpgsql
volatile
-- Fires for whoever writes a membership; the counters are nobody's to write.
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    perform groups.add_to_counts(
      array_agg(changed.group_id), array_agg(1), array_agg((changed.premium_since is not null)::integer)
    ) from changed;
  elsif tg_op = 'DELETE' then
    perform groups.add_to_counts(
      array_agg(changed.group_id), array_agg(-1), array_agg(-(changed.premium_since is not null)::integer)
    ) from changed;
  else
    perform groups.add_to_counts(
      array_agg(after.group_id),
      array_agg(0),
      array_agg((after.premium_since is not null)::integer - (before.premium_since is not null)::integer)
    )
    from before
    join after using (group_id, user_id)
    where (before.premium_since is null) <> (after.premium_since is null);
  end if;
  return null;
end
$$;

comment on function groups.count_members() is
  'Trigger. Keeps groups.member_count and groups.premium_subscription_count: one update a group and statement, groups locked in the order of their keys.';

revoke all on function groups.count_members() from public;
