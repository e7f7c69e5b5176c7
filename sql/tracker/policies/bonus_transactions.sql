revoke all on tracker.bonus_transactions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.bonus_transactions to stoa_member;

drop policy if exists read_own on tracker.bonus_transactions;
create policy read_own on tracker.bonus_transactions
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy read_own on tracker.bonus_transactions is 'Members see their own account.';

drop policy if exists read_as_moderator on tracker.bonus_transactions;
create policy read_as_moderator on tracker.bonus_transactions
for select
to stoa_moderator
using (true);

comment on policy read_as_moderator on tracker.bonus_transactions is 'Moderators see every account.';
