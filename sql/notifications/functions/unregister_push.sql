create or replace function notifications.unregister_push(p_token text)
returns boolean
language plpgsql
volatile
-- Members may not write the table.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
begin
  delete from notifications.push_tokens
  where user_id = me
    and token = p_token;

  if not found then
    perform core.fail('push.unknown');
  end if;

  return true;
end
$$;

comment on function notifications.unregister_push(text) is
  'Ends push delivery to a device of the caller. Refuses push.unknown.';

revoke all on function notifications.unregister_push(text) from public;
grant execute on function notifications.unregister_push(text) to stoa_member;
