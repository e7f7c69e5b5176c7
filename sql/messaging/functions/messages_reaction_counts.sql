create or replace function messaging.messages_reaction_counts(p_message messaging.messages)
returns table (emoji text, amount bigint, is_mine boolean)
language sql
stable
rows 5
begin atomic
  select reaction.emoji::text, count(*), bool_or(reaction.user_id = core.current_user_id())
  from messaging.message_reactions as reaction
  where reaction.conversation_id = p_message.conversation_id
    and reaction.message_id = p_message.id
  group by reaction.emoji
  order by min(reaction.inserted_at), reaction.emoji;
end;

comment on function messaging.messages_reaction_counts(messaging.messages) is
  E'@column amount How many people reacted so.\n@column is_mine Whether the caller is one of them.\n@simpleCollections only\nHow many people gave which emoji, in the order in which they came, and whether the caller is among them. One range of the primary key, under row-level security.';

revoke all on function messaging.messages_reaction_counts(messaging.messages) from public;
grant execute on function messaging.messages_reaction_counts(messaging.messages) to stoa_member;
