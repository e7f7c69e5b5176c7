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
