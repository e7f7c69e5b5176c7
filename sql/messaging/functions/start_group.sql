create or replace function messaging.start_group(p_user_ids uuid[], p_name text default null, p_key text default null)
returns messaging.conversations
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_user_ids, p_name);
  others constant uuid[] := array(
    select distinct wanted.id
    from unnest(p_user_ids) as wanted (id)
    where wanted.id <> me
  );
  earlier jsonb;
  conversation messaging.conversations;
begin
  perform core.require_unrestricted('chat');
  earlier := core.recall('messaging.start_group', p_key, arguments);
  if earlier is null then
    if cardinality(others) not between 2 and core.setting_integer('messages.group_size') - 1 then
      perform core.fail('conversation.size_invalid');
    end if;
    perform messaging.check_friends(others);

    insert into messaging.conversations (kind, name, owner_id)
    values ('group', core.clean_text(p_name, 100, false), me)
    returning * into conversation;
    insert into messaging.conversation_participants (conversation_id, user_id, role)
    values (conversation.id, me, 'owner');
    perform messaging.add_people(conversation, others);
    perform messaging.tell(conversation.id, me, 'created', jsonb_build_object('user_ids', others));
    perform core.remember('messaging.start_group', p_key, arguments, jsonb_build_object('id', conversation.id));
  end if;

  select * into conversation
  from messaging.conversations as started
  where started.id = coalesce(conversation.id, (earlier ->> 'id')::uuid);
  return conversation;
end
$$;

comment on function messaging.start_group(uuid[], text, text) is
  'Starts a group of the caller, who owns it, and 2 to 49 friends; a name is not needed. key: send the same again after a lost answer and get the same group. Refuses conversation.size_invalid (setting messages.group_size) and conversation.not_friends. Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function messaging.start_group(uuid[], text, text) from public;
grant execute on function messaging.start_group(uuid[], text, text) to stoa_member;
