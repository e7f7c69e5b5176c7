create or replace function governance.visible_token(p_token_id uuid)
returns governance.tokens
language plpgsql
stable
set search_path = ''
as $$
declare
  token governance.tokens := governance.known_token(p_token_id);
begin
  if not token.is_active
    and core.current_role_rank() < 2
    and not exists (
      select
      from governance.user_tokens as holding
      where holding.user_id = core.current_user_id() and holding.token_id = p_token_id
    )
  then
    perform core.fail('token.unknown');
  end if;
  return token;
end
$$;

comment on function governance.visible_token(uuid) is
  'Internal. A token that the caller may read: the policies of governance.tokens for one. Refuses token.unknown.';

revoke all on function governance.visible_token(uuid) from public;
