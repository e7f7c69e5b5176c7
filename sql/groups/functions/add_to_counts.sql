create or replace function groups.add_to_counts(p_group_ids uuid[], p_members integer[], p_supporters integer[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform
  from groups.groups as target
  where target.id = any (p_group_ids)
  order by target.id
  for no key update;

  update groups.groups as target
  set member_count = target.member_count + change.members,
      premium_subscription_count = target.premium_subscription_count + change.supporters
  from (
    select step.group_id, sum(step.members)::integer as members, sum(step.supporters)::integer as supporters
    from unnest(p_group_ids, p_members, p_supporters) as step (group_id, members, supporters)
    group by step.group_id
  ) as change
  where target.id = change.group_id
    and (change.members <> 0 or change.supporters <> 0);
end
$$;

comment on function groups.add_to_counts(uuid[], integer[], integer[]) is
  'Internal. Adds to the member and supporter counts of groups, locked in the order of their keys.';

revoke all on function groups.add_to_counts(uuid[], integer[], integer[]) from public;
