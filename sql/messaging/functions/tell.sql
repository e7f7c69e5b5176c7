create or replace function messaging.tell(p_conversation_id uuid, p_actor_id uuid, p_event text, p_facts jsonb default '{}')
returns void
language sql
volatile
set search_path = ''
begin atomic
  select messaging.append_message(
    p_conversation_id, p_actor_id, 'system', (jsonb_build_object('event', p_event) || p_facts)::text
  );
end;

comment on function messaging.tell(uuid, uuid, text, jsonb) is
  'Internal. A system message: what happened (created, added, removed, left, renamed, owner_changed, ttl_changed), who did it, and the facts of it.';

revoke all on function messaging.tell(uuid, uuid, text, jsonb) from public;
