revoke all on messaging.conversations from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on messaging.conversations to stoa_member;

drop policy if exists participating on messaging.conversations;
create policy participating on messaging.conversations
for select
to stoa_member
using (id = any (array(select messaging.my_conversation_ids())));

comment on policy participating on messaging.conversations is 'One reads the conversations that one is in. Neither moderators nor administrators read others.';
