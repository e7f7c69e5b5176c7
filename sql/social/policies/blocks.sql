revoke all on social.blocks from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on social.blocks to stoa_member, stoa_worker;

drop policy if exists read_own on social.blocks;
create policy read_own on social.blocks
for select to stoa_member
using (blocker_id = (select core.current_user_id()));
comment on policy read_own on social.blocks is
  'Whom one blocks; the blocked side never learns of it here.';

drop policy if exists read_as_moderator on social.blocks;
create policy read_as_moderator on social.blocks
for select to stoa_moderator
using (true);
comment on policy read_as_moderator on social.blocks is
  'Moderators see everything.';
