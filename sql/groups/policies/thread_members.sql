revoke all on groups.thread_members from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.thread_members to stoa_member;

drop policy if exists as_channel on groups.thread_members;
create policy as_channel on groups.thread_members
for select
to stoa_member
using (
  exists (
    select
    from groups.channels as channel
    where channel.id = thread_members.channel_id
  )
);

comment on policy as_channel on groups.thread_members is 'Whoever may view a thread reads who follows it: the policies of groups.channels hold inside.';

drop policy if exists staff on groups.thread_members;
create policy staff on groups.thread_members
for select
to stoa_moderator
using (true);

comment on policy staff on groups.thread_members is 'Staff of the platform reads all.';
