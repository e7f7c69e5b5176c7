create or replace trigger touch_updated_at
before update on groups.groups
for each row
when (
  -- Counters change with every member; they are not a change of the group.
  (old.member_count, old.premium_subscription_count)
  is not distinct from (new.member_count, new.premium_subscription_count)
)
execute function core.touch_updated_at();

comment on trigger touch_updated_at on groups.groups is 'Keeps updated_at; a change of counters alone does not count.';
