-- Which movements took and gave the points is between the ledger and its owner.
revoke all on tracker.request_bounties from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (id, request_id, user_id, amount, is_initial, inserted_at) on tracker.request_bounties to stoa_member;
grant select (debit_transaction_id, refund_transaction_id) on tracker.request_bounties to stoa_moderator;

drop policy if exists all_for_members on tracker.request_bounties;
create policy all_for_members on tracker.request_bounties
for select
to stoa_member
using (true);

comment on policy all_for_members on tracker.request_bounties is 'Members read who gave how much.';
