create or replace function social.lock_pair(p_user_id uuid, p_other_id uuid)
returns void
language sql
volatile
begin atomic
  select pg_advisory_xact_lock(hashtextextended(
    'social.pair:' || least(p_user_id, p_other_id) || ':' || greatest(p_user_id, p_other_id),
    0
  ));
end;

comment on function social.lock_pair(uuid, uuid) is
  'Lets one transaction at a time change what is between two people, until it ends. A request, its answer and a block could otherwise cross, each seeing nothing of the other.';

revoke all on function social.lock_pair(uuid, uuid) from public;
grant execute on function social.lock_pair(uuid, uuid) to stoa_worker;
