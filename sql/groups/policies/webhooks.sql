revoke all on groups.webhooks from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (id, group_id, channel_id, name, avatar_url, application_id, created_by, revoked_at, inserted_at, updated_at) on groups.webhooks to stoa_member;

drop policy if exists managed on groups.webhooks;
create policy managed on groups.webhooks
for select
to stoa_member
using (group_id = any (array(select groups.my_webhook_group_ids())));

comment on policy managed on groups.webhooks is 'Whoever manages the webhooks of a group reads them, without the digest of their secret.';

drop policy if exists staff on groups.webhooks;
create policy staff on groups.webhooks
for select
to stoa_moderator
using (true);

comment on policy staff on groups.webhooks is 'Staff of the platform reads all, without the digest of their secret.';
