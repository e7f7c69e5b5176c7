create or replace function audit.reopen_erasure(p_request_id uuid, p_user_id uuid, p_requested_at timestamptz)
returns text
language plpgsql
volatile
-- Requests and progress belong to the owner; what runs this does not.
security definer
set search_path = ''
as $$
declare
  request audit.privacy_requests;
begin
  perform from core.users where id = p_user_id for no key update;
  if not found then
    return 'absent';
  end if;

  select * into request from audit.privacy_requests where id = p_request_id for no key update;
  if found and request.user_id <> p_user_id then
    return 'another';
  end if;
  if request.status = 'done' then
    return 'done';
  end if;

  if request.id is null then
    -- One that is open under another id would stand in the way.
    update audit.privacy_requests
    set status = 'cancelled'
    where user_id = p_user_id and kind = 'erase' and status in ('pending', 'running');
    insert into audit.privacy_requests (id, user_id, kind, not_before)
    values (p_request_id, p_user_id, 'erase', p_requested_at);
  elsif request.status <> 'running' then
    update audit.privacy_requests
    set status = 'pending',
        not_before = least(not_before, now())
    where id = p_request_id;
  end if;
  return 'open';
end
$$;

comment on function audit.reopen_erasure(uuid, uuid, timestamptz) is
  'Worker, after a restore: makes the request of an entry of the erasure ledger due again. Answers absent when the account is not there, done when the erasure is, another when the request is somebody else''s, else open.';

revoke all on function audit.reopen_erasure(uuid, uuid, timestamptz) from public;
grant execute on function audit.reopen_erasure(uuid, uuid, timestamptz) to stoa_worker;
