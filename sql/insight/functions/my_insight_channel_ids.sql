create or replace function insight.my_insight_channel_ids()
returns setof uuid
language sql
stable
rows 50
-- Policies ask this, and must know roles and overrides whatever the caller may read of them.
security definer
set search_path = ''
as $$
select known.channel_id
from groups.channel_permissions_of_caller(false) as known
where known.permissions & 590848 = 590848
$$;

comment on function insight.my_insight_channel_ids() is
  E'@internal\nThe channels of the caller''s groups of which the caller may read both the messages and what models made of them (VIEW_CHANNEL, READ_HISTORY, VIEW_INSIGHTS), for policies; threads follow their parents and are not among them. Cost grows with the channels of the caller''s groups.';

revoke all on function insight.my_insight_channel_ids() from public;
grant execute on function insight.my_insight_channel_ids() to stoa_member;
