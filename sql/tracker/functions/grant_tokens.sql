create or replace function tracker.grant_tokens(p_user_id uuid, p_count integer, p_source text, p_use_before timestamptz)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  if p_count is null or p_count not between 1 and 100 then
    perform core.fail('freeleech_token.count_invalid');
  end if;
  insert into tracker.freeleech_tokens (user_id, source, use_before)
  select p_user_id, p_source, p_use_before
  from generate_series(1, p_count);
end
$$;

comment on function tracker.grant_tokens(uuid, integer, text, timestamptz) is
  'Internal. Gives somebody 1 to 100 unspent freeleech tokens. Refuses freeleech_token.count_invalid.';

revoke all on function tracker.grant_tokens(uuid, integer, text, timestamptz) from public;
