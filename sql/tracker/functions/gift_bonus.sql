create or replace function tracker.gift_bonus(p_to uuid, p_amount numeric, p_key text default null, p_message text default null)
returns tracker.bonus_transactions
language plpgsql
volatile
-- The ledger is written by procedures only.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  words constant text := core.clean_text(p_message, 300, false);
  arguments constant jsonb := jsonb_build_object('to', p_to, 'amount', trim_scale(p_amount)::text, 'message', words);
  earlier jsonb;
  entry tracker.bonus_transactions;
  entry_id uuid;
  arriving numeric;
begin
  perform core.require_unrestricted('tracker');
  earlier := core.recall('tracker.gift_bonus', p_key, arguments);
  if earlier is not null then
    select * into entry
    from tracker.bonus_transactions as movement
    where movement.user_id = me
      and movement.id = (earlier ->> 'id')::uuid;
    return entry;
  end if;

  if p_amount is null or p_amount <= 0 or p_amount <> round(p_amount, 4) or p_amount >= 1e13 then
    perform core.fail('bonus.amount_invalid');
  end if;
  arriving := trunc(p_amount * (1 - core.setting_decimal('tracker.bonus.gift_fee')), 4);
  if arriving <= 0 then
    perform core.fail('bonus.amount_invalid');
  end if;
  if p_to = me then
    perform core.fail('bonus.gift_to_self');
  end if;
  if not exists (
    select
    from core.users as person
    where person.id = p_to
      and person.is_active
      and person.deleted_at is null
      and person.erased_at is null
      and not person.is_system
  ) or social.is_blocked(me, p_to) then
    perform core.fail('user.unknown');
  end if;

  -- Two people who give to each other at once: both lock the lower one first.
  perform tracker.ensure_statistics(array[me, p_to]);
  perform
  from tracker.user_statistics as totals
  where totals.user_id in (me, p_to)
  order by totals.user_id
  for no key update;
  entry_id := tracker.post_bonus(me, -p_amount, 'gift_out', p_counterparty_id => p_to, p_description => words);
  perform tracker.post_bonus(p_to, arriving, 'gift_in', p_counterparty_id => me, p_description => words);

  select * into entry from tracker.bonus_transactions as movement where movement.user_id = me and movement.id = entry_id;
  perform core.remember('tracker.gift_bonus', p_key, arguments, jsonb_build_object('id', entry_id));
  perform notifications.notify(
    p_to, 'bonus', 'You were given points', words, jsonb_build_object('user_id', me, 'amount', arriving), me
  );
  return entry;
end
$$;

comment on function tracker.gift_bonus(uuid, numeric, text, text) is
  E'@argument to Identifier of the User who gets them.\n@argument message A word to go with them.\nGives points to somebody; a part is lost on the way (setting tracker.bonus.gift_fee). Returns the movement in the caller''s account. Refuses bonus.amount_invalid, bonus.gift_to_self, user.unknown (also for people who block each other) and tracker.insufficient_points. With a key, a retry returns the first gift.';

revoke all on function tracker.gift_bonus(uuid, numeric, text, text) from public;
grant execute on function tracker.gift_bonus(uuid, numeric, text, text) to stoa_member;
