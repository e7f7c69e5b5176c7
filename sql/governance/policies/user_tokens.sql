revoke all on governance.user_tokens from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on governance.user_tokens to stoa_member;

drop policy if exists own on governance.user_tokens;
create policy own on governance.user_tokens
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on governance.user_tokens is 'Members read their own holdings; the power of others through governance.top_holders.';

drop policy if exists all_for_admins on governance.user_tokens;
create policy all_for_admins on governance.user_tokens
for select
to stoa_admin
using (true);

comment on policy all_for_admins on governance.user_tokens is 'Administrators read every holding.';
