create or replace function groups.overridden(
  p_bits bigint,
  p_default_deny bigint,
  p_default_allow bigint,
  p_roles_deny bigint,
  p_roles_allow bigint,
  p_member_deny bigint,
  p_member_allow bigint
)
returns bigint
language sql
immutable
parallel safe
begin atomic
  select (
    (
      ((p_bits & ~coalesce(p_default_deny, 0) | coalesce(p_default_allow, 0)) & ~coalesce(p_roles_deny, 0))
      | coalesce(p_roles_allow, 0)
    ) & ~coalesce(p_member_deny, 0)
  ) | coalesce(p_member_allow, 0);
end;

comment on function groups.overridden(bigint, bigint, bigint, bigint, bigint, bigint, bigint) is
  'Internal. What a bitfield becomes under the overrides of one heading or channel: those of the default role, then those of all other roles together, then the member''s own; each takes away what it denies, then adds what it allows. Null = no such override.';

revoke all on function groups.overridden(bigint, bigint, bigint, bigint, bigint, bigint, bigint) from public;
