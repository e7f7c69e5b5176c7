create or replace function forums.can_moderate(p_forum_id uuid, p_bit integer)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return (forums.my_permissions(p_forum_id) >> p_bit) & 1 = 1;
end
$$;

comment on function forums.can_moderate(uuid, integer) is
  E'@internal\n@name can_moderate_forum\nWhether the caller holds a permission of a moderator in a forum; the bits are those of forums.my_permissions.';

revoke all on function forums.can_moderate(uuid, integer) from public;
grant execute on function forums.can_moderate(uuid, integer) to stoa_anonymous;
