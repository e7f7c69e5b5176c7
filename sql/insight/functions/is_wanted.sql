create or replace function insight.is_wanted(p_kind text, p_channel_id uuid)
returns boolean
language sql
stable
begin atomic
  select exists (
    select
    from groups.channels as channel
    join groups.groups as home on home.id = channel.group_id and home.deleted_at is null
    join insight.group_policies as policy on policy.group_id = channel.group_id
    left join groups.channels as parent on parent.id = channel.parent_channel_id
    where channel.id = p_channel_id
      and channel.deleted_at is null
      and parent.deleted_at is null
      and case p_kind when 'analysis' then policy.analyses else policy.summaries end
  );
end;

comment on function insight.is_wanted(text, uuid) is
  'Internal. Whether the group of a live channel lets models do this (analysis or summary) at present.';

revoke all on function insight.is_wanted(text, uuid) from public;
