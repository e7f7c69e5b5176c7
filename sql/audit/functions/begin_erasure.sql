create or replace function audit.begin_erasure(p_request_id uuid, p_is_early boolean default false, p_is_replay boolean default false)
returns audit.erasures
language plpgsql
volatile
-- Requests and progress belong to the owner; what runs this does not.
security definer
set search_path = ''
as $$
declare
  request audit.privacy_requests;
  person core.users;
  progress audit.erasures;
begin
  select * into request from audit.privacy_requests where id = p_request_id for no key update;
  if not found or request.kind <> 'erase' then
    perform core.fail('privacy.unknown');
  end if;

  select * into progress from audit.erasures where request_id = p_request_id;
  -- A database that was put back to a moment in the middle of it begins again: others may have come back with it.
  if found and request.status = 'running' then
    return progress;
  end if;
  if request.status <> 'pending' or (request.not_before > now() and not p_is_early) then
    perform core.fail('privacy.not_due');
  end if;

  -- Nothing is transferred to the person while this is decided, and two administrators do not both find the other.
  perform from core.users where role = 'admin' order by id for no key update;
  select * into person from core.users where id = request.user_id for no key update;
  if person.is_system then
    perform core.fail('privacy.system_account');
  end if;

  -- What was erased once is erased again, whatever came back with it.
  if not p_is_replay then
    if core.owns_things(person.id) then
      perform core.fail('account.owns_things');
    end if;
    if person.role = 'admin' and not exists (
      select
      from core.users as other
      where other.role = 'admin'
        and other.id <> person.id
        and not other.is_system
        and other.is_active
        and other.deleted_at is null
        and other.erased_at is null
    ) then
      perform core.fail('privacy.last_administrator');
    end if;
    if ops.held_reason('user', person.id) is not null or audit.erasure_held_in(person.id) <> '{}' then
      perform core.fail('privacy.held');
    end if;
  end if;

  update audit.privacy_requests
  set status = 'running',
      started_at = coalesce(started_at, clock_timestamp()),
      error = null
  where id = p_request_id;
  insert into audit.erasures (request_id, user_id, identifiers, is_replay)
  values (p_request_id, person.id, audit.identifiers_of(person.id), p_is_replay)
  returning * into progress;
  return progress;
end
$$;

comment on function audit.begin_erasure(uuid, boolean, boolean) is
  'Worker: begins the erasure of a request that is due, or goes on with one that has begun, and returns how far it is. Collects what the person is recognised by before anything is taken out. Refuses privacy.unknown, privacy.not_due, privacy.system_account, account.owns_things, privacy.last_administrator, and privacy.held while a legal hold keeps anything that would go (see audit.erasure_held_in); a replay after a restore asks for none of the last three.';

revoke all on function audit.begin_erasure(uuid, boolean, boolean) from public;
grant execute on function audit.begin_erasure(uuid, boolean, boolean) to stoa_worker;
