create or replace function messaging.overviews_unread_message_count(p_overview core.overviews)
returns bigint
language sql
stable
begin atomic
  select messaging.unread_total();
end;

comment on function messaging.overviews_unread_message_count(core.overviews) is
  'How many messages one has not read in all conversations that are not muted. One index range and a row for each conversation.';

revoke all on function messaging.overviews_unread_message_count(core.overviews) from public;
grant execute on function messaging.overviews_unread_message_count(core.overviews) to stoa_member;
