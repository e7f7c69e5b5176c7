-- Why: what is defined in sql/social: 18 functions, 1 view, 4 triggers, policies of 4 tables, as they stand under sql/.
-- Locks: ACCESS EXCLUSIVE, for an instant, on social.blocks, social.friendships (policies); SHARE ROW
--   EXCLUSIVE, for an instant, on social.friendships (triggers).
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: social/functions/accept_friend_request.sql
create or replace function social.accept_friend_request(p_id uuid)
returns social.friendships
language plpgsql
volatile
-- Members may not write the table.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  request social.friendships := social.lock_request(p_id);
begin
  if request.friend_id <> me then
    perform core.fail('friend.unknown_request');
  end if;

  return social.befriend(p_id);
end
$$;

comment on function social.accept_friend_request(uuid) is
  'Accepts a friend request that the caller received. Refuses friend.unknown_request.';

revoke all on function social.accept_friend_request(uuid) from public;
grant execute on function social.accept_friend_request(uuid) to stoa_member;

-- Object: social/functions/are_friends.sql
create or replace function social.are_friends(p_user_id uuid, p_other_id uuid)
returns boolean
language sql
stable
-- The edges have no grants.
security definer
set search_path = ''
begin atomic
  select exists (
    select
    from social.friend_edges
    where user_id = p_user_id
      and friend_id = p_other_id
  );
end;

comment on function social.are_friends(uuid, uuid) is
  'Whether the two are friends. For use inside other functions: who is whose friend is not public. One look-up by primary key.';

revoke all on function social.are_friends(uuid, uuid) from public;
grant execute on function social.are_friends(uuid, uuid) to stoa_worker;

-- Object: social/functions/befriend.sql
create or replace function social.befriend(p_id uuid)
returns social.friendships
language plpgsql
volatile
-- Part of the procedures that accept a request; members may not write the table.
security definer
set search_path = ''
as $$
declare
  accepted social.friendships;
begin
  update social.friendships
  set status = 'accepted',
      accepted_at = now(),
      declined_at = null
  where id = p_id
  returning * into accepted;

  perform notifications.notify(
    p_user_id => accepted.user_id,
    p_type => 'friend_accepted',
    p_title => 'Friend request accepted',
    p_data => jsonb_build_object('friendship_id', accepted.id, 'user_id', accepted.friend_id),
    p_actor_id => accepted.friend_id,
    p_group_key => 'friend_accepted:' || accepted.friend_id
  );

  return accepted;
end
$$;

comment on function social.befriend(uuid) is
  'Turns a request into a friendship and tells who asked. The caller has checked that it may and holds the lock on the pair.';

revoke all on function social.befriend(uuid) from public;
grant execute on function social.befriend(uuid) to stoa_worker;

-- Object: social/functions/block.sql
create or replace function social.block(p_user_id uuid, p_reason text default null)
returns social.blocks
language plpgsql
volatile
-- Ends a friendship as well; members may not write the tables.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  blocked social.blocks;
begin
  if p_user_id = me then
    perform core.fail('block.self');
  end if;

  if not exists (select from core.users where id = p_user_id and erased_at is null) then
    perform core.fail('user.unknown');
  end if;

  perform social.lock_pair(me, p_user_id);

  insert into social.blocks (blocker_id, blocked_id, reason)
  values (me, p_user_id, core.clean_text(p_reason, 200, false))
  on conflict (blocker_id, blocked_id) do update
  set reason = excluded.reason
  returning * into blocked;

  -- A declined request stays: it remembers how long the asker has to wait.
  delete from social.friendships
  where least(user_id, friend_id) = least(me, p_user_id)
    and greatest(user_id, friend_id) = greatest(me, p_user_id)
    and status in ('pending', 'accepted');

  return blocked;
end
$$;

comment on function social.block(uuid, text) is
  E'@name block_user\nBlocks somebody: ends a friendship or a request between the two, and neither can ask again, write to the other, or see the other''s profile. They are not told. The reason is a note for oneself. Blocking again changes the note. Refuses block.self and user.unknown.';

revoke all on function social.block(uuid, text) from public;
grant execute on function social.block(uuid, text) to stoa_member;

-- Object: social/functions/cancel_friend_request.sql
create or replace function social.cancel_friend_request(p_id uuid)
returns social.friendships
language plpgsql
volatile
-- Members may not write the table.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  request social.friendships := social.lock_request(p_id);
begin
  if request.user_id <> me then
    perform core.fail('friend.unknown_request');
  end if;

  delete from social.friendships where id = p_id;
  return request;
end
$$;

comment on function social.cancel_friend_request(uuid) is
  'Takes back a friend request that the caller sent, and returns it as it was. Refuses friend.unknown_request.';

revoke all on function social.cancel_friend_request(uuid) from public;
grant execute on function social.cancel_friend_request(uuid) to stoa_member;

-- Object: social/functions/decline_friend_request.sql
create or replace function social.decline_friend_request(p_id uuid)
returns social.friendships
language plpgsql
volatile
-- Members may not write the table.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  request social.friendships := social.lock_request(p_id);
begin
  if request.friend_id <> me then
    perform core.fail('friend.unknown_request');
  end if;

  update social.friendships
  set status = 'declined',
      declined_at = now()
  where id = p_id
  returning * into request;

  return request;
end
$$;

comment on function social.decline_friend_request(uuid) is
  'Declines a friend request that the caller received; who asked is not told, and may ask again after 7 days (setting friends.decline_wait_days). Refuses friend.unknown_request.';

revoke all on function social.decline_friend_request(uuid) from public;
grant execute on function social.decline_friend_request(uuid) to stoa_member;

-- Object: social/functions/is_blocked.sql
create or replace function social.is_blocked(p_user_id uuid, p_other_id uuid)
returns boolean
language sql
stable
-- The blocked side must not see the row, yet rules have to know.
security definer
set search_path = ''
begin atomic
  select exists (
    select
    from social.blocks
    where (blocker_id = p_user_id and blocked_id = p_other_id)
       or (blocker_id = p_other_id and blocked_id = p_user_id)
  );
end;

comment on function social.is_blocked(uuid, uuid) is
  'Whether one of the two blocks the other. For use inside other functions: a client must not learn who blocks it. Two look-ups by primary key.';

revoke all on function social.is_blocked(uuid, uuid) from public;
grant execute on function social.is_blocked(uuid, uuid) to stoa_worker;

-- Object: social/functions/may_see_friends.sql
create or replace function social.may_see_friends(p_user_id uuid)
returns boolean
language sql
stable
-- Answers for rows that the caller may not read.
security definer
set search_path = ''
begin atomic
  select p_user_id = core.current_user_id()
    or core.current_role_rank() >= 2
    or (
      not social.is_blocked(p_user_id, core.current_user_id())
      and exists (
        select
        from core.profiles as profile
        join core.users as account on account.id = profile.user_id
        where profile.user_id = p_user_id
          and account.deleted_at is null
          and account.erased_at is null
          and (
            profile.visibility = 'public'
            or (profile.visibility = 'members' and core.current_role_rank() >= 1)
            or (profile.visibility = 'friends' and social.are_friends(p_user_id, core.current_user_id()))
          )
      )
    );
end;

comment on function social.may_see_friends(uuid) is
  'Whether the caller may see whose friend somebody is: as their profile, themselves and moderators always, never across a block.';

revoke all on function social.may_see_friends(uuid) from public;
grant execute on function social.may_see_friends(uuid) to stoa_worker;

-- Object: social/views/friends.sql
create or replace view social.friends
with (security_invoker = true)
as
select user_id, friend_id, accepted_at as since
from social.friendships
where status = 'accepted'
union all
select friend_id, user_id, accepted_at
from social.friendships
where status = 'accepted';

comment on view social.friends is
  E'@name friend\n@primaryKey user_id,friend_id\n@foreignKey (user_id) references core.users (id)\n@foreignKey (friend_id) references core.users (id)\nThe friends of a person, both directions of each friendship. Members see their own. Ask with a user_id: each half is then one index range.';
comment on column social.friends.user_id is 'Whose friend.';
comment on column social.friends.friend_id is 'The friend.';
comment on column social.friends.since is 'When the request was accepted.';

-- Object: social/functions/friends_of.sql
create or replace function social.friends_of(p_user_id uuid, p_after uuid default null, p_limit integer default 25)
returns setof social.friends
language sql
stable
rows 25
-- The edges have no grants; other people's friendships are hidden by policy.
security definer
set search_path = ''
begin atomic
  select edge.user_id, edge.friend_id, edge.since
  from social.friend_edges as edge
  where edge.user_id = p_user_id
    and (p_after is null or edge.friend_id > p_after)
    and (select social.may_see_friends(p_user_id))
  order by edge.friend_id
  limit least(greatest(p_limit, 0), 100);
end;

comment on function social.friends_of(uuid, uuid, integer) is
  'The friends of somebody whose profile the caller may see, in the order of their ids: at most 100 at once; send the last friend_id as p_after for the next ones. Nothing for a profile that is hidden. One index range.';

revoke all on function social.friends_of(uuid, uuid, integer) from public;
grant execute on function social.friends_of(uuid, uuid, integer) to stoa_anonymous;

-- Object: social/functions/keep_friend_edges.sql
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

-- Object: social/functions/lock_pair.sql
create or replace function social.lock_pair(p_user_id uuid, p_other_id uuid)
returns void
language sql
volatile
begin atomic
  select pg_advisory_xact_lock(hashtextextended(
    'social.pair:' || least(p_user_id, p_other_id) || ':' || greatest(p_user_id, p_other_id),
    0
  ));
end;

comment on function social.lock_pair(uuid, uuid) is
  'Lets one transaction at a time change what is between two people, until it ends. A request, its answer and a block could otherwise cross, each seeing nothing of the other.';

revoke all on function social.lock_pair(uuid, uuid) from public;
grant execute on function social.lock_pair(uuid, uuid) to stoa_worker;

-- Object: social/functions/lock_request.sql
create or replace function social.lock_request(p_id uuid)
returns social.friendships
language plpgsql
volatile
-- Part of the procedures that answer a request; members may not lock rows.
security definer
set search_path = ''
as $$
declare
  me uuid := core.current_user_id();
  request social.friendships;
begin
  select * into request from social.friendships where id = p_id;
  if not found or me not in (request.user_id, request.friend_id) then
    perform core.fail('friend.unknown_request');
  end if;

  -- The pair before the row, as everywhere.
  perform social.lock_pair(request.user_id, request.friend_id);

  select * into request from social.friendships where id = p_id and status = 'pending' for no key update;
  if not found then
    perform core.fail('friend.unknown_request');
  end if;

  return request;
end
$$;

comment on function social.lock_request(uuid) is
  'A pending friend request of or to the caller, locked until the transaction ends. Refuses friend.unknown_request.';

revoke all on function social.lock_request(uuid) from public;
grant execute on function social.lock_request(uuid) to stoa_worker;

-- Object: social/functions/mutual_friends.sql
create or replace function social.mutual_friends(p_user_id uuid, p_after uuid default null, p_limit integer default 25)
returns setof social.friends
language sql
stable
rows 25
-- The edges have no grants.
security definer
set search_path = ''
begin atomic
  select mine.user_id, mine.friend_id, mine.since
  from social.friend_edges as mine
  join social.friend_edges as theirs
    on theirs.user_id = p_user_id
   and theirs.friend_id = mine.friend_id
  where mine.user_id = core.current_user_id()
    and (p_after is null or mine.friend_id > p_after)
    and (select social.may_see_friends(p_user_id))
  order by mine.friend_id
  limit least(greatest(p_limit, 0), 100);
end;

comment on function social.mutual_friends(uuid, uuid, integer) is
  'The caller''s friends who are friends of somebody else too, in the order of their ids: at most 100 at once; send the last friend_id as p_after for the next ones. Nothing for a profile that is hidden. Two index ranges, merged.';

revoke all on function social.mutual_friends(uuid, uuid, integer) from public;
grant execute on function social.mutual_friends(uuid, uuid, integer) to stoa_member;

-- Object: social/functions/remove_friend.sql
create or replace function social.remove_friend(p_user_id uuid)
returns boolean
language plpgsql
volatile
-- Members may not write the table.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
begin
  perform social.lock_pair(me, p_user_id);

  delete from social.friendships
  where least(user_id, friend_id) = least(me, p_user_id)
    and greatest(user_id, friend_id) = greatest(me, p_user_id)
    and status = 'accepted';

  if not found then
    perform core.fail('friend.unknown');
  end if;

  return true;
end
$$;

comment on function social.remove_friend(uuid) is
  'Ends a friendship of the caller; the other side is not told. Refuses friend.unknown.';

revoke all on function social.remove_friend(uuid) from public;
grant execute on function social.remove_friend(uuid) to stoa_member;

-- Object: social/functions/repair_friend_edges.sql
create or replace function social.repair_friend_edges()
returns integer
language plpgsql
volatile
-- Nobody has grants on the edges.
security definer
set search_path = ''
as $$
declare
  repaired integer;
begin
  with truth as (
    select user_id, friend_id, accepted_at as since from social.friendships where status = 'accepted'
    union all
    select friend_id, user_id, accepted_at from social.friendships where status = 'accepted'
  ),
  drift as (
    select user_id, friend_id, truth.since, edge.user_id is not null as is_kept, truth.user_id is not null as is_true
    from social.friend_edges as edge
    full join truth using (user_id, friend_id)
    where edge.user_id is null
       or truth.user_id is null
  ),
  removed as (
    delete from social.friend_edges as edge
    using drift
    where edge.user_id = drift.user_id
      and edge.friend_id = drift.friend_id
      and not drift.is_true
  ),
  added as (
    insert into social.friend_edges (user_id, friend_id, since)
    select user_id, friend_id, since
    from drift
    where is_true
    on conflict do nothing
  )
  insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
  select
    'social.friend_edges',
    jsonb_build_object('user_id', user_id, 'friend_id', friend_id),
    is_kept::integer,
    is_true::integer
  from drift;

  get diagnostics repaired = row_count;
  return repaired;
end
$$;

comment on function social.repair_friend_edges() is
  'Worker, nightly: compares the edges with the friendships they are derived from, mends what differs and writes it to ops.counter_repairs. Returns how many edges differed; more than none means that a trigger was bypassed. Reads both tables whole.';

revoke all on function social.repair_friend_edges() from public;
grant execute on function social.repair_friend_edges() to stoa_worker;

-- Object: social/functions/send_friend_request.sql
create or replace function social.send_friend_request(p_user_id uuid)
returns social.friendships
language plpgsql
volatile
-- Reads the other side's settings and blocks; members may not write the table.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  between_us social.friendships;
  policy text;
  free_at timestamptz;
begin
  if p_user_id = me then
    perform core.fail('friend.self');
  end if;

  select coalesce(settings.friend_request_policy, 'everyone')
  into policy
  from core.users as account
  left join core.user_settings as settings on settings.user_id = account.id
  where account.id = p_user_id
    and account.is_active
    and account.deleted_at is null
    and account.erased_at is null;

  if not found then
    perform core.fail('user.unknown');
  end if;

  perform social.lock_pair(me, p_user_id);

  -- The same answer for a block and for the privacy setting: who blocks whom is nobody's business.
  if social.is_blocked(me, p_user_id) then
    perform core.fail('friend.refused');
  end if;

  select *
  into between_us
  from social.friendships
  where least(user_id, friend_id) = least(me, p_user_id)
    and greatest(user_id, friend_id) = greatest(me, p_user_id)
  for no key update;

  if between_us.status = 'accepted' then
    perform core.fail('friend.already');
  end if;

  if between_us.status = 'pending' and between_us.user_id = me then
    perform core.fail('friend.already_requested');
  end if;

  -- Both want it: no need for either to answer.
  if between_us.status = 'pending' then
    return social.befriend(between_us.id);
  end if;

  if policy = 'nobody'
    or (
      policy = 'friends_of_friends'
      and not exists (
        select
        from social.friend_edges as mine
        join social.friend_edges as theirs on theirs.friend_id = mine.friend_id
        where mine.user_id = me
          and theirs.user_id = p_user_id
      )
    )
  then
    perform core.fail('friend.refused');
  end if;

  -- Only who was declined waits; who declined may change their mind at once.
  if between_us.status = 'declined' and between_us.user_id = me then
    free_at := between_us.declined_at + make_interval(days => core.setting_integer('friends.decline_wait_days')::integer);
    if free_at > now() then
      perform core.fail('friend.too_soon', ceil(extract(epoch from free_at - now()))::integer);
    end if;
  end if;

  if core.setting_integer('friends.max_pending') <= (
    select count(*) from social.friendships where user_id = me and status = 'pending'
  ) then
    perform core.fail('friend.too_many_pending');
  end if;

  if between_us.id is null then
    insert into social.friendships (user_id, friend_id)
    values (me, p_user_id)
    returning * into between_us;
  else
    update social.friendships
    set user_id = me,
        friend_id = p_user_id,
        status = 'pending',
        requested_at = now(),
        declined_at = null
    where id = between_us.id
    returning * into between_us;
  end if;

  perform notifications.notify(
    p_user_id => p_user_id,
    p_type => 'friend_request',
    p_title => 'New friend request',
    p_data => jsonb_build_object('friendship_id', between_us.id, 'user_id', me),
    p_actor_id => me,
    p_group_key => 'friend_request:' || me
  );

  return between_us;
end
$$;

comment on function social.send_friend_request(uuid) is
  'Asks somebody to be friends. When they have asked too, both are friends at once. Refuses friend.self, user.unknown, friend.already, friend.already_requested, friend.refused (they want no requests, or one blocks the other), friend.too_soon for 7 days after being declined (setting friends.decline_wait_days), friend.too_many_pending.';

revoke all on function social.send_friend_request(uuid) from public;
grant execute on function social.send_friend_request(uuid) to stoa_member;

-- Object: social/functions/suggest_friends.sql
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

-- Object: social/functions/unblock.sql
create or replace function social.unblock(p_user_id uuid)
returns boolean
language plpgsql
volatile
-- Members may not write the table.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
begin
  perform social.lock_pair(me, p_user_id);

  delete from social.blocks
  where blocker_id = me
    and blocked_id = p_user_id;

  if not found then
    perform core.fail('block.unknown');
  end if;

  return true;
end
$$;

comment on function social.unblock(uuid) is
  E'@name unblock_user\nEnds a block of the caller. What the block ended does not come back. Refuses block.unknown.';

revoke all on function social.unblock(uuid) from public;
grant execute on function social.unblock(uuid) to stoa_member;

-- Object: social/triggers/friendships.keep_edges_delete.sql
create or replace trigger keep_edges_delete
after delete on social.friendships
referencing old table as before_rows
for each statement execute function social.keep_friend_edges();

comment on trigger keep_edges_delete on social.friendships is 'Keeps social.friend_edges.';

-- Object: social/triggers/friendships.keep_edges_insert.sql
create or replace trigger keep_edges_insert
after insert on social.friendships
referencing new table as after_rows
for each statement execute function social.keep_friend_edges();

comment on trigger keep_edges_insert on social.friendships is 'Keeps social.friend_edges.';

-- Object: social/triggers/friendships.keep_edges_update.sql
create or replace trigger keep_edges_update
after update on social.friendships
referencing old table as before_rows new table as after_rows
for each statement execute function social.keep_friend_edges();

comment on trigger keep_edges_update on social.friendships is 'Keeps social.friend_edges.';

-- Object: social/triggers/friendships.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on social.friendships
for each row execute function core.touch_updated_at();

comment on trigger touch_updated_at on social.friendships is 'Keeps updated_at.';

-- Object: social/policies/blocks.sql
revoke all on social.blocks from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on social.blocks to stoa_member, stoa_worker;

drop policy if exists read_own on social.blocks;
create policy read_own on social.blocks
for select to stoa_member
using (blocker_id = (select core.current_user_id()));
comment on policy read_own on social.blocks is
  'Whom one blocks; the blocked side never learns of it here.';

drop policy if exists read_as_moderator on social.blocks;
create policy read_as_moderator on social.blocks
for select to stoa_moderator
using (true);
comment on policy read_as_moderator on social.blocks is
  'Moderators see everything.';

-- Object: social/policies/friend_edges.sql
-- No API role reads or writes this table; procedures do.
revoke all on social.friend_edges from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- Object: social/policies/friends.sql
-- A view: the policies of social.friendships hold, because it runs as whoever asks.
revoke all on social.friends from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on social.friends to stoa_member, stoa_worker;

-- Object: social/policies/friendships.sql
revoke all on social.friendships from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on social.friendships to stoa_member, stoa_worker;

drop policy if exists read_own on social.friendships;
create policy read_own on social.friendships
for select to stoa_member
using (
  user_id = (select core.current_user_id())
  or friend_id = (select core.current_user_id())
);
comment on policy read_own on social.friendships is
  'Both sides see what is between them; others ask social.friends_of.';

drop policy if exists read_as_moderator on social.friendships;
create policy read_as_moderator on social.friendships
for select to stoa_moderator
using (true);
comment on policy read_as_moderator on social.friendships is
  'Moderators see everything.';

-- End of objects

-- Down Migration

drop policy read_as_moderator on social.friendships;
drop policy read_own on social.friendships;
drop policy read_as_moderator on social.blocks;
drop policy read_own on social.blocks;
drop trigger touch_updated_at on social.friendships;
drop trigger keep_edges_update on social.friendships;
drop trigger keep_edges_insert on social.friendships;
drop trigger keep_edges_delete on social.friendships;
drop function social.unblock(uuid);
drop function social.suggest_friends(integer);
drop function social.send_friend_request(uuid);
drop function social.repair_friend_edges();
drop function social.remove_friend(uuid);
drop function social.mutual_friends(uuid, uuid, integer);
drop function social.lock_request(uuid);
drop function social.lock_pair(uuid, uuid);
drop function social.keep_friend_edges();
drop function social.friends_of(uuid, uuid, integer);
drop view social.friends;
drop function social.may_see_friends(uuid);
drop function social.is_blocked(uuid, uuid);
drop function social.decline_friend_request(uuid);
drop function social.cancel_friend_request(uuid);
drop function social.block(uuid, text);
drop function social.befriend(uuid);
drop function social.are_friends(uuid, uuid);
drop function social.accept_friend_request(uuid);
revoke all on table social.blocks from stoa_member, stoa_worker;
revoke all on table social.friendships from stoa_member, stoa_worker;
