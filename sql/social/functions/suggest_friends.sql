create or replace function social.suggest_friends(p_limit integer default 10)
returns setof social.friend_suggestion
language sql
stable
rows 10
-- The edges have no grants, and other people's settings are private.
security definer
set search_path = ''
begin atomic
  select candidate.user_id, candidate.mutual_count
  from (
    select theirs.friend_id as user_id, count(*)::integer as mutual_count
    from social.friend_edges as mine
    join social.friend_edges as theirs on theirs.user_id = mine.friend_id
    where mine.user_id = (select core.current_user_id())
      and theirs.friend_id <> (select core.current_user_id())
      -- Friends, requests in either direction, who was declined, and blocks: a few rows, hashed once.
      and theirs.friend_id not in (
        select asked.friend_id from social.friendships as asked where asked.user_id = (select core.current_user_id())
        union all
        select asker.user_id from social.friendships as asker where asker.friend_id = (select core.current_user_id())
        union all
        select blocked.blocked_id from social.blocks as blocked where blocked.blocker_id = (select core.current_user_id())
        union all
        select blocker.blocker_id from social.blocks as blocker where blocker.blocked_id = (select core.current_user_id())
      )
    group by theirs.friend_id
    -- Sorted before the look-ups below, which then stop at the limit.
    order by mutual_count desc, user_id
  ) as candidate
  join core.users as account
    on account.id = candidate.user_id
   and account.is_active
   and account.deleted_at is null
   and account.erased_at is null
  left join core.user_settings as settings on settings.user_id = candidate.user_id
  where settings.friend_request_policy is distinct from 'nobody'
  order by candidate.mutual_count desc, candidate.user_id
  limit least(greatest(p_limit, 0), 100);
end;

comment on function social.suggest_friends(integer) is
  E'@name friend_suggestions\nPeople whom the caller may know: friends of friends, most mutual friends first, at most 100. Left out are those to whom there is a friendship or a request already, anybody blocked in either direction, and who takes no requests. Reads the edges of the caller''s friends: a few milliseconds at 50 friends each.';

revoke all on function social.suggest_friends(integer) from public;
grant execute on function social.suggest_friends(integer) to stoa_member;
