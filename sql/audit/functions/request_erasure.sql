create or replace function audit.request_erasure(p_user_id uuid default null, p_reason text default null)
returns audit.privacy_requests
language plpgsql
volatile
-- Requests are proof, so nobody has an insert grant.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  subject uuid := coalesce(p_user_id, me);
  request audit.privacy_requests;
begin
  if subject <> me then
    perform core.require_role('admin');
  end if;

  -- Holds the account, so that nothing is transferred to it while this is decided.
  perform from core.users where id = subject and erased_at is null for no key update;
  if not found then
    perform core.fail('user.unknown');
  end if;

  if core.owns_things(subject) then
    perform core.fail('account.owns_things');
  end if;

  insert into audit.privacy_requests (user_id, kind, requested_by, not_before)
  values (
    subject,
    'erase',
    me,
    now() + make_interval(days => core.setting_integer('privacy.erasure_cooling_days')::integer)
  )
  on conflict (user_id, kind) where status in ('pending', 'running') do nothing
  returning * into request;

  if not found then
    perform core.fail('privacy.already_requested');
  end if;

  perform audit.record(
    p_action => 'privacy.request_erasure',
    p_resource_type => 'audit.privacy_requests',
    p_resource_id => request.id,
    p_reason => core.clean_text(p_reason, 500, false)
  );
  return request;
end
$$;

comment on function audit.request_erasure(uuid, text) is
  'Asks for the erasure of the caller''s personal data, or, for administrators, of somebody else''s. It happens after 7 days (setting privacy.erasure_cooling_days); until then cancelRequest takes it back. Refuses somebody who owns what others use (account.owns_things), a second request while one is open (privacy.already_requested), user.unknown. Audited.';

revoke all on function audit.request_erasure(uuid, text) from public;
grant execute on function audit.request_erasure(uuid, text) to stoa_member;
