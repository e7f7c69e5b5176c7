create or replace function messaging.search(
  p_query text,
  p_conversation_id uuid default null,
  p_since timestamptz default null,
  p_first integer default 25
)
returns setof messaging.messages
language plpgsql
stable
rows 25
-- Matching parts of words is not leak-proof: under a policy it would scan the table. The rule of the policy is repeated here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  wanted constant text := core.clean_text(p_query, 200);
  since constant timestamptz := coalesce(
    p_since,
    now() - make_interval(months => core.setting_integer('messages.search_months')::integer)
  );
begin
  if length(wanted) < 3 then
    perform core.fail('message.query_too_short');
  end if;
  if p_conversation_id is not null and not messaging.is_participant(p_conversation_id) then
    perform core.fail('conversation.unknown');
  end if;

  return query
    select message.*
    from messaging.messages as message
    join messaging.conversation_participants as participant
      on participant.conversation_id = message.conversation_id
     and participant.user_id = me
     and participant.left_at is null
    where message.content ilike '%' || regexp_replace(wanted, '([\\%_])', '\\\1', 'g') || '%'
      and not message.encrypted
      and message.deleted_at is null
      and message.type <> 'system'
      and message.id >= core.uuidv7_floor(since)
      and (p_conversation_id is null or message.conversation_id = p_conversation_id)
      and (participant.history_from_id is null or message.id > participant.history_from_id)
      and (message.expires_at is null or message.expires_at > now())
    order by message.id desc
    limit messaging.page_size(p_first, 25);
end
$$;

comment on function messaging.search(text, uuid, timestamptz, integer) is
  E'@name search_messages\n@simpleCollections only\nMessages of the caller''s conversations, or of one, that hold this text anywhere, whatever the case; newest first, back to since (12 months when left out). first: 1 to 100. Encrypted and deleted messages are not found. Refuses input.empty, input.too_long (200 characters), message.query_too_short (fewer than three characters) and conversation.unknown. Finds candidates among the messages of everybody by their letters, so that a very common text is slow.';

revoke all on function messaging.search(text, uuid, timestamptz, integer) from public;
grant execute on function messaging.search(text, uuid, timestamptz, integer) to stoa_member;
