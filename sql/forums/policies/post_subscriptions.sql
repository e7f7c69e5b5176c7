revoke all on forums.post_subscriptions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.post_subscriptions to stoa_member;

drop policy if exists own on forums.post_subscriptions;
create policy own on forums.post_subscriptions
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on forums.post_subscriptions is 'Members read which posts they follow.';

drop policy if exists all_for_admins on forums.post_subscriptions;
create policy all_for_admins on forums.post_subscriptions
for select
to stoa_admin
using (true);

comment on policy all_for_admins on forums.post_subscriptions is 'Administrators read every subscription.';
