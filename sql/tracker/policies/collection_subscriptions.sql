revoke all on tracker.collection_subscriptions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.collection_subscriptions to stoa_member;

drop policy if exists own on tracker.collection_subscriptions;
create policy own on tracker.collection_subscriptions
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on tracker.collection_subscriptions is 'Members read what they follow.';

drop policy if exists all_for_admins on tracker.collection_subscriptions;
create policy all_for_admins on tracker.collection_subscriptions
for select
to stoa_admin
using (true);

comment on policy all_for_admins on tracker.collection_subscriptions is 'Administrators read every subscription.';
