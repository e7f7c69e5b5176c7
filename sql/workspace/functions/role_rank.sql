create or replace function workspace.role_rank(p_role text)
returns smallint
language sql
immutable
begin atomic
  select (array_position(array['viewer', 'member', 'maintainer', 'owner'], p_role))::smallint;
end;

comment on function workspace.role_rank(text) is
  'Internal. How far a role in a project reaches: viewer 1, member 2, maintainer 3, owner 4; null for none.';

revoke all on function workspace.role_rank(text) from public;
