create or replace function forums.forums_my_permissions(p_forum forums.forums)
returns bigint
language sql
stable
begin atomic
  select forums.my_permissions(p_forum.id);
end;

comment on function forums.forums_my_permissions(forums.forums) is
  'What the caller may do in the forum, as the bits of a moderator (see myForumPermissions); 0 for who may do nothing. Two index look-ups.';

revoke all on function forums.forums_my_permissions(forums.forums) from public;
grant execute on function forums.forums_my_permissions(forums.forums) to stoa_anonymous;
