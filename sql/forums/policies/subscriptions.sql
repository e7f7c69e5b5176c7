revoke all on forums.subscriptions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on forums.subscriptions to stoa_member;

drop policy if exists own on forums.subscriptions;
create policy own on forums.subscriptions
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on forums.subscriptions is 'Members read which forums they follow.';

drop policy if exists all_for_admins on forums.subscriptions;
create policy all_for_admins on forums.subscriptions
for select
to stoa_admin
using (true);

comment on policy all_for_admins on forums.subscriptions is 'Administrators read every subscription.';
