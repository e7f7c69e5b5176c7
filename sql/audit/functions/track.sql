create or replace function audit.track(
  p_name text,
  p_properties jsonb default '{}',
  p_user_key bytea default null,
  p_session_key bytea default null
)
returns void
language plpgsql
volatile
-- Nobody has grants on the events.
security definer
set search_path = ''
as $$
begin
  if jsonb_typeof(p_properties) is distinct from 'object' then
    perform core.fail('input.malformed');
  end if;

  insert into audit.analytics_events (name, properties, user_key, session_key)
  values (core.clean_text(p_name, 100), p_properties, p_user_key, p_session_key);
end
$$;

comment on function audit.track(text, jsonb, bytea, bytea) is
  'Writes one event of product analytics. The keys are keyed hashes that the caller makes: no id of a person may get here, and none in the properties. Refuses properties that are not an object (input.malformed).';

revoke all on function audit.track(text, jsonb, bytea, bytea) from public;
grant execute on function audit.track(text, jsonb, bytea, bytea) to stoa_worker;
