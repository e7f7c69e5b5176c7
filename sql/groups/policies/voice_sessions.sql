revoke all on groups.voice_sessions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.voice_sessions to stoa_member;

drop policy if exists own on groups.voice_sessions;
create policy own on groups.voice_sessions
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on groups.voice_sessions is 'Members read where they were and are.';

drop policy if exists running on groups.voice_sessions;
create policy running on groups.voice_sessions
for select
to stoa_member
using (
  left_at is null
  and channel_id = any (array(select groups.my_visible_channel_ids()))
);

comment on policy running on groups.voice_sessions is 'Members read who is now in the voice channels that they may view.';

drop policy if exists staff on groups.voice_sessions;
create policy staff on groups.voice_sessions
for select
to stoa_moderator
using (true);

comment on policy staff on groups.voice_sessions is 'Staff of the platform reads all.';
