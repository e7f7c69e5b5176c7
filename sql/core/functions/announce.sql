create or replace function core.announce(p_topic text, p_keys text[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  -- A payload may have 7,999 bytes; a key is a uuid, or two with a stroke between them.
  keys_of_one constant integer := 100;
  -- Beyond this, whoever listens is cheaper off to look again than to compare.
  keys_at_most constant integer := 1000;
begin
  if cardinality(p_keys) > keys_at_most then
    perform pg_notify('stoa', p_topic || ':*');
    return;
  end if;
  for start in 1 .. coalesce(cardinality(p_keys), 0) by keys_of_one loop
    perform pg_notify('stoa', p_topic || ':' || array_to_string(p_keys[start : start + keys_of_one - 1], ','));
  end loop;
end
$$;

comment on function core.announce(text, text[]) is
  'Internal. Tells every process of the API, if and when this transaction commits, that something about these keys is new: channel stoa, payload topic:key,key. Topics and keys: conversation, channel (of whom a message came; key/message for one that was changed), bell (a person; person/entry), access (a person whose sessions, role, memberships or friends changed), group (whose permissions changed), presence (a person), proposal (whose status changed). Ids only: whoever listens reads under its own rights. Equal payloads of a transaction are sent once; more than 1,000 keys are sent as *. Commits that announce stand in line behind one lock of the cluster, so it is kept away from tables that take thousands of writes a second.';

revoke all on function core.announce(text, text[]) from public;
