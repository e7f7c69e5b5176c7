create or replace function forums.check_post_pace(p_user_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  pause constant interval := make_interval(secs => core.setting_integer('forums.new_account_post_interval_seconds'));
  newest timestamptz;
begin
  if not exists (
    select
    from core.users as person
    where person.id = p_user_id
      and person.role = 'user'
      and person.inserted_at > now() - make_interval(days => core.setting_integer('forums.new_account_days')::integer)
  ) then
    return;
  end if;

  -- Two posts at once by one person: the second waits and then sees the first.
  perform pg_advisory_xact_lock(hashtextextended('forums.create_post:' || p_user_id, 0));
  select post.inserted_at into newest
  from forums.posts as post
  where post.author_id = p_user_id
  order by post.id desc
  limit 1;
  if newest > clock_timestamp() - pause then
    perform core.fail('post.too_soon', ceil(extract(epoch from newest + pause - clock_timestamp()))::integer);
  end if;
end
$$;

comment on function forums.check_post_pace(uuid) is
  'Internal. Refuses (post.too_soon, with the seconds to wait) a post by an account younger than the setting forums.new_account_days that posted less than forums.new_account_post_interval_seconds ago. Deleted posts count.';

revoke all on function forums.check_post_pace(uuid) from public;
