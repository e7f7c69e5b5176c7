-- Why: realtime objects: 4 functions, 3 triggers, as they stand under sql/.
-- New: core.announce, core.announce_presence, core.announce_row, core.announce_rows, core triggers
--   presence.announce_insert, core triggers presence.announce_update, core triggers users.announce_access.
-- Locks: SHARE ROW EXCLUSIVE, for an instant, on core.presence, core.users (triggers).
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: core/functions/announce.sql
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

-- Object: core/functions/announce_presence.sql
create or replace function core.announce_presence()
returns trigger
language plpgsql
volatile
-- Fires for whoever writes; only the owner may announce.
security definer
set search_path = ''
as $$
declare
  people text[];
begin
  if tg_op = 'INSERT' then
    people := array(select changed.user_id::text from changed);
  else
    people := array(
      select changed.user_id::text
      from changed
      join before_change on before_change.user_id = changed.user_id
      where changed.status <> before_change.status
        or changed.visibility <> before_change.visibility
        -- Shown as offline for silence, whether or not the sweep has come by.
        or changed.last_seen_at > before_change.last_seen_at + interval '1 minute'
    );
  end if;
  perform core.announce('presence', people);
  return null;
end
$$;

comment on function core.announce_presence() is
  'Trigger of core.presence, once a statement: whose status or visibility changed, and who is back after a silence. A beat that changes neither announces nothing.';

revoke all on function core.announce_presence() from public;

-- Object: core/functions/announce_row.sql
create or replace function core.announce_row()
returns trigger
language plpgsql
volatile
-- Fires for whoever writes; only the owner may announce.
security definer
set search_path = ''
as $$
begin
  perform core.announce(tg_argv[0], array[to_jsonb(new) ->> tg_argv[1]]);
  return null;
end
$$;

comment on function core.announce_row() is
  'Trigger, for each row, of tables that are updated often where only one rare change counts: a trigger with a transition table cannot name columns, and would run at each of the others. Arguments: the topic, and the column that has the key. Rows of one key are announced once a transaction.';

revoke all on function core.announce_row() from public;

-- Object: core/functions/announce_rows.sql
create or replace function core.announce_rows()
returns trigger
language plpgsql
volatile
-- Fires for whoever writes; only the owner may announce.
security definer
set search_path = ''
as $$
declare
  keys text[];
begin
  execute format('select array_agg(distinct changed.%I::text) from changed', tg_argv[1]) into keys;
  perform core.announce(tg_argv[0], keys);
  return null;
end
$$;

comment on function core.announce_rows() is
  'Trigger, once a statement, over a transition table named changed. Arguments: the topic, and the column that has the keys. One announcement, however many rows.';

revoke all on function core.announce_rows() from public;

-- Object: core/triggers/presence.announce_insert.sql
create or replace trigger announce_insert
after insert on core.presence
referencing new table as changed
for each statement
execute function core.announce_presence();

comment on trigger announce_insert on core.presence is 'Who listens to this presence is told.';

-- Object: core/triggers/presence.announce_update.sql
create or replace trigger announce_update
after update on core.presence
referencing old table as before_change new table as changed
for each statement
execute function core.announce_presence();

comment on trigger announce_update on core.presence is 'Who listens to this presence is told, if it changed.';

-- Object: core/triggers/users.announce_access.sql
create or replace trigger announce_access
after update of role, is_active, banned_until, deleted_at, erased_at on core.users
for each row
when (
  (old.role, old.is_active, old.banned_until, old.deleted_at, old.erased_at)
  is distinct from (new.role, new.is_active, new.banned_until, new.deleted_at, new.erased_at)
)
execute function core.announce_row('access', 'id');

comment on trigger announce_access on core.users is 'Connections of an account are checked again when its role or its state changes.';

-- End of objects

-- Down Migration

drop trigger announce_access on core.users;
drop trigger announce_update on core.presence;
drop trigger announce_insert on core.presence;
drop function core.announce_rows();
drop function core.announce_row();
drop function core.announce_presence();
drop function core.announce(text, text[]);
