create or replace function groups.search(
  p_query text,
  p_group_id uuid default null,
  p_channel_id uuid default null,
  p_sender_id uuid default null,
  p_since timestamptz default null,
  p_before uuid default null,
  p_first integer default 25
)
returns setof groups.channel_messages
language plpgsql
stable
rows 25
-- The match operator is not leak-proof: under a policy it would scan the table. The rule of the policy is repeated here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  words constant tsquery := websearch_to_tsquery('simple'::regconfig, core.clean_text(p_query, 200));
  places uuid[];
begin
  if p_channel_id is not null then
    perform groups.permitted_channel(p_channel_id, 'READ_HISTORY');
    places := array[p_channel_id];
  else
    if p_group_id is not null then
      perform groups.known_group(p_group_id);
    end if;
    places := array(
      select known.channel_id
      from groups.channel_permissions_of_caller(false, p_group_id) as known
      where known.permissions & 66560 = 66560
    );
    if p_group_id is not null then
      places := places || array(
        select known.channel_id
        from groups.channel_permissions_of_caller(true, p_group_id) as known
        where known.permissions & 66560 = 66560
      );
    end if;
    places := places || array(
      select thread.id from groups.channels as thread where thread.parent_channel_id = any (places) and thread.deleted_at is null
    );
  end if;
  if numnode(words) = 0 then
    return;
  end if;
  return query
    select message.*
    from groups.channel_messages as message
    where message.channel_id = any (places)
      and to_tsvector('simple'::regconfig, message.content) @@ words
      and message.deleted_at is null
      and message.id >= core.uuidv7_floor(coalesce(p_since, now() - interval '12 months'))
      and message.id < coalesce(p_before, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
      and (p_sender_id is null or message.sender_id = p_sender_id)
    order by message.id desc
    limit groups.page_size(p_first);
end
$$;

comment on function groups.search(text, uuid, uuid, uuid, timestamptz, uuid, integer) is
  E'@name search_channel_messages\n@simpleCollections only\nMessages that hold words, the newest first, in one channel, or in the channels and threads of one group, or of all groups of the caller; the query may hold "phrases", or, and -words. Narrowed to a sender, and to those since a time (12 months ago when not said). first: 1 to 100; before: the id of the last message of the page before. Finds only what the caller may read. Refuses visitors (session.required), an empty query (input.empty), one over 200 characters (input.too_long), channel.unknown, channel.not_allowed and group.unknown. Sorts every match, so a common word in a large group is slow.';

revoke all on function groups.search(text, uuid, uuid, uuid, timestamptz, uuid, integer) from public;
grant execute on function groups.search(text, uuid, uuid, uuid, timestamptz, uuid, integer) to stoa_member;
