create or replace function social.keep_friend_edges()
returns trigger
language plpgsql
-- Nobody has grants on the edges.
security definer
set search_path = ''
as $$
begin
  if tg_op in ('UPDATE', 'DELETE') then
    delete from social.friend_edges as edge
    using (
      select user_id, friend_id from before_rows where status = 'accepted'
      union all
      select friend_id, user_id from before_rows where status = 'accepted'
    ) as gone
    where edge.user_id = gone.user_id
      and edge.friend_id = gone.friend_id;
  end if;

  if tg_op in ('INSERT', 'UPDATE') then
    insert into social.friend_edges (user_id, friend_id, since)
    select made.user_id, made.friend_id, made.accepted_at
    from (
      select user_id, friend_id, accepted_at from after_rows where status = 'accepted'
      union all
      select friend_id, user_id, accepted_at from after_rows where status = 'accepted'
    ) as made
    order by made.user_id, made.friend_id;
  end if;

  return null;
end
$$;

comment on function social.keep_friend_edges() is
  'Trigger of social.friendships: keeps the two directed edges of each accepted friendship, once a statement.';

revoke all on function social.keep_friend_edges() from public;
