create or replace function notifications.register_push(p_token text, p_platform text, p_device_name text default null)
returns notifications.push_tokens
language plpgsql
volatile
-- A device may come from another account, whose row the caller may not see.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  device notifications.push_tokens;
begin
  if p_platform is null or p_platform not in ('ios', 'android', 'web', 'desktop') then
    perform core.fail('push.unknown_platform');
  end if;

  insert into notifications.push_tokens as stored (user_id, session_id, token, platform, device_name)
  values (
    me,
    nullif(current_setting('stoa.session_id', true), '')::uuid,
    core.clean_text(p_token, 4096),
    p_platform,
    core.clean_text(p_device_name, 100, false)
  )
  on conflict (token) do update
  set user_id = excluded.user_id,
      session_id = excluded.session_id,
      platform = excluded.platform,
      device_name = excluded.device_name
  returning * into device;

  device.token := '';
  return device;
end
$$;

comment on function notifications.register_push(text, text, text) is
  'Registers the device of this session for push delivery; a token moves to whoever registered it last, and goes when the session ends. Refuses push.unknown_platform, and an empty token (input.empty).';

revoke all on function notifications.register_push(text, text, text) from public;
grant execute on function notifications.register_push(text, text, text) to stoa_member;
