create or replace function governance.known_token(p_token_id uuid, p_active_only boolean default false)
returns governance.tokens
language plpgsql
stable
set search_path = ''
as $$
declare
  token governance.tokens;
begin
  select * into token from governance.tokens as candidate where candidate.id = p_token_id;
  if not found then
    perform core.fail('token.unknown');
  end if;
  if p_active_only and not token.is_active then
    perform core.fail('token.retired');
  end if;
  return token;
end
$$;

comment on function governance.known_token(uuid, boolean) is
  'Internal. A token by its identifier. Refuses token.unknown, and token.retired where only an active one will do.';

revoke all on function governance.known_token(uuid, boolean) from public;
