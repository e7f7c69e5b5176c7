create or replace function groups.overviews_unread_channel_count(p_overview core.overviews)
returns integer
language sql
stable
begin atomic
  select count(*)::integer
  from groups.my_group_ids() as mine (group_id)
  cross join lateral groups.unread(mine.group_id);
end;

comment on function groups.overviews_unread_channel_count(core.overviews) is
  'In how many channels and followed threads of one''s groups something is unread. As dear as unreadChannels for each of the groups.';

revoke all on function groups.overviews_unread_channel_count(core.overviews) from public;
grant execute on function groups.overviews_unread_channel_count(core.overviews) to stoa_member;
