revoke all on groups.threads from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.threads to stoa_anonymous;

drop policy if exists as_channel on groups.threads;
create policy as_channel on groups.threads
for select
to stoa_anonymous
using (
  exists (
    select
    from groups.channels as channel
    where channel.id = threads.channel_id
  )
);

comment on policy as_channel on groups.threads is 'Whoever may view the channel of a thread reads it: the policies of groups.channels hold inside.';

drop policy if exists staff on groups.threads;
create policy staff on groups.threads
for select
to stoa_moderator
using (true);

comment on policy staff on groups.threads is 'Staff of the platform reads all.';
