revoke all on messaging.conversation_participants from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
-- Read markers, mutes and what somebody has hidden stay with them; updated_at would tell when they read.
grant select (conversation_id, user_id, role, joined_at, left_at, inserted_at) on messaging.conversation_participants to stoa_member;
grant update (muted, muted_until) on messaging.conversation_participants to stoa_member;

drop policy if exists participating on messaging.conversation_participants;
create policy participating on messaging.conversation_participants
for select
to stoa_member
using (conversation_id = any (array(select messaging.my_conversation_ids())));

comment on policy participating on messaging.conversation_participants is 'Who is in a conversation sees who else is or was.';

drop policy if exists own on messaging.conversation_participants;
create policy own on messaging.conversation_participants
for update
to stoa_member
using (user_id = (select core.current_user_id()) and left_at is null)
with check (user_id = (select core.current_user_id()));

comment on policy own on messaging.conversation_participants is 'One mutes for oneself.';
