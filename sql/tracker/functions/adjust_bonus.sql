create or replace function tracker.adjust_bonus(p_user_id uuid, p_amount numeric, p_reason text)
returns tracker.bonus_transactions
language plpgsql
volatile
-- The ledger is written by procedures only.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('admin');
  why constant text := core.clean_text(p_reason, 300);
  entry_id uuid;
  entry tracker.bonus_transactions;
begin
  if p_amount is null or p_amount = 0 or p_amount <> round(p_amount, 4) or abs(p_amount) >= 1e13 then
    perform core.fail('bonus.amount_invalid');
  end if;
  if not exists (
    select from core.users as person
    where person.id = p_user_id and person.deleted_at is null and person.erased_at is null
  ) then
    perform core.fail('user.unknown');
  end if;
  entry_id := tracker.post_bonus(p_user_id, p_amount, 'adjustment', p_description => why);
  select * into entry
  from tracker.bonus_transactions as movement
  where movement.user_id = p_user_id
    and movement.id = entry_id;
  perform audit.record(
    'adjust_bonus', 'core.users', p_user_id, null, jsonb_build_object('amount', p_amount, 'transaction_id', entry.id), why
  );
  perform notifications.notify(
    p_user_id, 'bonus', 'Your points were corrected', why, jsonb_build_object('amount', p_amount), me
  );
  return entry;
end
$$;

comment on function tracker.adjust_bonus(uuid, numeric, text) is
  'Administrators only: corrects the points of somebody by a signed amount, with a reason that they read. Refuses bonus.amount_invalid, user.unknown, tracker.insufficient_points and an empty reason. Audited; the person is told.';

revoke all on function tracker.adjust_bonus(uuid, numeric, text) from public;
grant execute on function tracker.adjust_bonus(uuid, numeric, text) to stoa_admin;
