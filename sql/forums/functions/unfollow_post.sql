create or replace function forums.unfollow_post(p_post_id uuid)
returns boolean
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  delete from forums.post_subscriptions as subscription
  where subscription.user_id = me
    and subscription.post_id = p_post_id;
  return found;
end
$$;

comment on function forums.unfollow_post(uuid) is 'No longer follows a post; false when there was nothing to end.';

revoke all on function forums.unfollow_post(uuid) from public;
grant execute on function forums.unfollow_post(uuid) to stoa_member;
