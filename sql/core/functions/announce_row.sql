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
