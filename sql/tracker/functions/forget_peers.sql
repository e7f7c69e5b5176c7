create or replace function tracker.forget_peers(p_user_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  delete from tracker.peers as session where session.user_id = p_user_id;
end
$$;

comment on function tracker.forget_peers(uuid) is
  'Internal. Takes a person out of every swarm. For callers that hold the lock of their passkey, so that no announce puts them back.';

revoke all on function tracker.forget_peers(uuid) from public;
