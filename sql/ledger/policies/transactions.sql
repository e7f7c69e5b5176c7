revoke all on ledger.transactions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on ledger.transactions to stoa_member;

drop policy if exists own on ledger.transactions;
create policy own on ledger.transactions
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on ledger.transactions is 'Members read their own account.';

drop policy if exists all_for_admins on ledger.transactions;
create policy all_for_admins on ledger.transactions
for select
to stoa_admin
using (true);

comment on policy all_for_admins on ledger.transactions is 'Administrators read every account.';
