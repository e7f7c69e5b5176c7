revoke all on groups.channel_reads from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.channel_reads to stoa_member;

drop policy if exists own on groups.channel_reads;
create policy own on groups.channel_reads
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on groups.channel_reads is 'Members read their own.';
