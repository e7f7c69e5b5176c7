revoke all on ledger.chain_receipts from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on ledger.chain_receipts to stoa_member;

drop policy if exists own on ledger.chain_receipts;
create policy own on ledger.chain_receipts
for select
to stoa_member
using (user_id = (select core.current_user_id()));

comment on policy own on ledger.chain_receipts is 'Members read the receipts of their own deposits.';

drop policy if exists all_for_admins on ledger.chain_receipts;
create policy all_for_admins on ledger.chain_receipts
for select
to stoa_admin
using (true);

comment on policy all_for_admins on ledger.chain_receipts is 'Administrators read every receipt.';
