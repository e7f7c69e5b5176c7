-- Why: what is defined in sql/ledger: 8 functions, 4 triggers, policies of 2 tables, as they stand under sql/.
-- Locks: ACCESS EXCLUSIVE, for an instant, on ledger.chain_receipts, ledger.transactions (policies); SHARE
--   ROW EXCLUSIVE, for an instant, on ledger.transactions (triggers).
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: ledger/functions/apply_to_holdings.sql
create or replace function ledger.apply_to_holdings()
returns trigger
language plpgsql
-- Fires for whoever writes a movement; balances are nobody's to write.
security definer
set search_path = ''
as $$
declare
  change record;
begin
  -- Holdings are always locked by (user, token): two transfers in opposite directions wait, they do not deadlock.
  if tg_op = 'INSERT' then
    for change in
      select added.user_id, added.token_id, sum(ledger.counted_amount(added.status, added.amount)) as amount
      from added
      where added.token_id is not null
      group by 1, 2
      order by 1, 2
    loop
      perform governance.change_balance(change.user_id, change.token_id, change.amount);
    end loop;
  else
    for change in
      select changed.user_id, changed.token_id, sum(changed.amount) as amount
      from (
        select added.user_id, added.token_id, ledger.counted_amount(added.status, added.amount) as amount from added
        union all
        select removed.user_id, removed.token_id, -ledger.counted_amount(removed.status, removed.amount) from removed
      ) as changed
      where changed.token_id is not null
      group by 1, 2
      order by 1, 2
    loop
      perform governance.change_balance(change.user_id, change.token_id, change.amount);
    end loop;
  end if;
  return null;
end
$$;

comment on function ledger.apply_to_holdings() is
  'Trigger. Keeps the balances in governance.user_tokens equal to what the movements add up to. A debit beyond the balance undoes the whole statement (holding.insufficient). A withdrawal that fails gives back what it took.';

revoke all on function ledger.apply_to_holdings() from public;

-- Object: ledger/functions/counted_amount.sql
create or replace function ledger.counted_amount(p_status text, p_amount numeric)
returns numeric
language sql
immutable
parallel safe
begin atomic
  select case
    when p_status = 'confirmed' or (p_status = 'pending' and p_amount < 0) then p_amount
    else 0
  end;
end;

comment on function ledger.counted_amount(text, numeric) is
  'Internal. What a movement adds to the balance: a credit counts when it is confirmed, a debit from pending on until it fails or is cancelled.';

revoke all on function ledger.counted_amount(text, numeric) from public;

-- Object: ledger/functions/guard_transaction.sql
create or replace function ledger.guard_transaction()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  allowed text[] := array['updated_at'];
begin
  if old.status = 'pending' and new.status <> 'pending' then
    allowed := allowed || array['status', 'network', 'transaction_hash', 'metadata'];
  end if;
  if new.description is null then
    -- Words of somebody who was erased; the movement stands without them.
    allowed := allowed || array['description'];
  end if;
  if to_jsonb(new) - allowed is distinct from to_jsonb(old) - allowed then
    perform core.fail('transaction.settled');
  end if;
  return new;
end
$$;

comment on function ledger.guard_transaction() is
  'Trigger. A movement is settled once and does not change otherwise (transaction.settled), but for its description, which can be taken away.';

revoke all on function ledger.guard_transaction() from public;

-- Object: ledger/functions/record_deposit.sql
create or replace function ledger.record_deposit(
  p_user_id uuid,
  p_token_id uuid,
  p_amount numeric,
  p_network text,
  p_transaction_hash text,
  p_log_index integer default 0
)
returns ledger.transactions
language plpgsql
volatile
-- The worker has no grants on the ledger.
security definer
set search_path = ''
as $$
declare
  hash constant text := lower(core.clean_text(p_transaction_hash, 128));
  movement_id constant uuid := core.uuidv7();
  token governance.tokens;
  movement ledger.transactions;
begin
  token := governance.known_token(p_token_id);
  perform governance.check_amount(token, p_amount);
  if p_network is distinct from token.network or coalesce(p_log_index, -1) < 0 then
    perform core.fail('deposit.event_invalid');
  end if;
  if not exists (select from core.users as person where person.id = p_user_id) then
    perform core.fail('user.unknown');
  end if;

  -- Whoever writes the receipt credits. The other one waits here, and then finds what was credited.
  insert into ledger.chain_receipts (network, transaction_hash, log_index, user_id, transaction_id)
  values (p_network, hash, p_log_index, p_user_id, movement_id)
  on conflict (network, transaction_hash, log_index) do nothing;
  if not found then
    select credited.* into movement
    from ledger.chain_receipts as receipt
    join ledger.transactions as credited
      on credited.user_id = receipt.user_id and credited.id = receipt.transaction_id
    where receipt.network = p_network
      and receipt.transaction_hash = hash
      and receipt.log_index = p_log_index;
    return movement;
  end if;

  insert into ledger.transactions (
    user_id, id, token_id, type, status, amount, currency, network, transaction_hash
  )
  values (
    p_user_id, movement_id, p_token_id, 'deposit', 'confirmed', p_amount, token.symbol, p_network, hash
  )
  returning * into movement;
  return movement;
end
$$;

comment on function ledger.record_deposit(uuid, uuid, numeric, text, text, integer) is
  'For the worker: credits an event on a chain, once, however often and by however many workers it is reported; returns the movement that was written the first time. Refuses token.unknown, token.amount_invalid, user.unknown, another network than the token''s or a negative index (deposit.event_invalid), and holding.too_large.';

revoke all on function ledger.record_deposit(uuid, uuid, numeric, text, text, integer) from public;
grant execute on function ledger.record_deposit(uuid, uuid, numeric, text, text, integer) to stoa_worker;

-- Object: ledger/functions/request_withdrawal.sql
create or replace function ledger.request_withdrawal(
  p_token_id uuid,
  p_amount numeric,
  p_address text,
  p_key text default null
)
returns ledger.transactions
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_token_id, p_amount, p_address);
  earlier jsonb;
  token governance.tokens;
  movement ledger.transactions;
begin
  earlier := core.recall('ledger.request_withdrawal', p_key, arguments);
  if earlier is not null then
    select * into movement from ledger.transactions as made where made.user_id = me and made.id = (earlier ->> 'id')::uuid;
    return movement;
  end if;

  token := governance.known_token(p_token_id);
  perform governance.check_amount(token, p_amount);
  if p_address is null or p_address !~ '^[A-Za-z0-9._:-]{1,128}$' then
    perform core.fail('withdrawal.address_invalid');
  end if;

  insert into ledger.transactions (user_id, token_id, type, status, amount, currency, network, metadata)
  values (
    me, p_token_id, 'withdrawal', 'pending', -p_amount, token.symbol, token.network,
    jsonb_build_object('address', p_address)
  )
  returning * into movement;
  perform core.remember('ledger.request_withdrawal', p_key, arguments, jsonb_build_object('id', movement.id));
  return movement;
end
$$;

comment on function ledger.request_withdrawal(uuid, numeric, text, text) is
  'Asks for an amount of a token to be paid out to an address on its network. The balance is debited at once; should the payment fail, it is given back. key: send the same again after a lost answer, and it is asked once. Refuses token.unknown, token.amount_invalid, withdrawal.address_invalid and holding.insufficient.';

revoke all on function ledger.request_withdrawal(uuid, numeric, text, text) from public;
grant execute on function ledger.request_withdrawal(uuid, numeric, text, text) to stoa_member;

-- Object: ledger/functions/settle.sql
create or replace function ledger.settle(
  p_user_id uuid,
  p_transaction_id uuid,
  p_status text,
  p_transaction_hash text default null
)
returns ledger.transactions
language plpgsql
volatile
-- The worker has no grants on the ledger.
security definer
set search_path = ''
as $$
declare
  hash constant text := lower(core.clean_text(p_transaction_hash, 128, false));
  movement ledger.transactions;
begin
  if p_status is null
    or p_status not in ('confirmed', 'failed', 'cancelled')
    or (hash is not null and p_status <> 'confirmed')
  then
    perform core.fail('transaction.status_invalid');
  end if;
  select * into movement
  from ledger.transactions as candidate
  where candidate.user_id = p_user_id and candidate.id = p_transaction_id
  for no key update;
  if not found then
    perform core.fail('transaction.unknown');
  end if;
  if movement.status <> 'pending' then
    perform core.fail('transaction.settled');
  end if;
  if hash is not null and movement.network is null then
    perform core.fail('transaction.status_invalid');
  end if;

  update ledger.transactions as settled
  set status = p_status,
      transaction_hash = coalesce(hash, settled.transaction_hash)
  where settled.user_id = p_user_id and settled.id = p_transaction_id
  returning * into movement;
  return movement;
end
$$;

comment on function ledger.settle(uuid, uuid, text, text) is
  'For the worker: ends a pending movement as confirmed (with its hash on the chain), failed or cancelled, once (transaction.settled). A credit that is confirmed counts from now on, a debit that is not is given back. Refuses transaction.status_invalid and transaction.unknown.';

revoke all on function ledger.settle(uuid, uuid, text, text) from public;
grant execute on function ledger.settle(uuid, uuid, text, text) to stoa_worker;

-- Object: ledger/functions/transfer.sql
create or replace function ledger.transfer(
  p_to_user_id uuid,
  p_token_id uuid,
  p_amount numeric,
  p_description text default null,
  p_key text default null
)
returns ledger.transactions
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_to_user_id, p_token_id, p_amount, p_description);
  words constant text := core.clean_text(p_description, 500, false);
  earlier jsonb;
  token governance.tokens;
  pair constant uuid := core.uuidv7();
  movement ledger.transactions;
begin
  earlier := core.recall('ledger.transfer', p_key, arguments);
  if earlier is not null then
    select * into movement from ledger.transactions as made where made.user_id = me and made.id = (earlier ->> 'id')::uuid;
    return movement;
  end if;

  if p_to_user_id = me then
    perform core.fail('transfer.to_self');
  end if;
  if not exists (
    select
    from core.users as person
    where person.id = p_to_user_id and person.deleted_at is null and person.erased_at is null
  ) then
    perform core.fail('user.unknown');
  end if;
  token := governance.known_token(p_token_id);
  perform governance.check_amount(token, p_amount);

  -- Both legs in one statement: its trigger takes and gives, in the order of the keys.
  with legs as (
    insert into ledger.transactions (
      user_id, counterparty_id, transfer_id, token_id, type, status, amount, currency, description
    )
    values
      (me, p_to_user_id, pair, p_token_id, 'transfer', 'confirmed', -p_amount, token.symbol, words),
      (p_to_user_id, me, pair, p_token_id, 'transfer', 'confirmed', p_amount, token.symbol, words)
    returning *
  )
  select * into movement from legs where legs.user_id = me;
  perform core.remember('ledger.transfer', p_key, arguments, jsonb_build_object('id', movement.id));
  return movement;
end
$$;

comment on function ledger.transfer(uuid, uuid, numeric, text, text) is
  E'@name transfer_tokens\nMoves an amount of a token from the caller''s free balance to somebody else, at once, and returns the caller''s leg; the other leg has the same transfer_id. key: send the same again after a lost answer, and it is moved once. Refuses transfer.to_self, user.unknown, token.unknown, token.amount_invalid, holding.insufficient and holding.too_large. Limit: description 500 characters. Two rows and two holdings, locked in the order of the users.';

revoke all on function ledger.transfer(uuid, uuid, numeric, text, text) from public;
grant execute on function ledger.transfer(uuid, uuid, numeric, text, text) to stoa_member;

-- Object: ledger/functions/unbalanced_holdings.sql
create or replace function ledger.unbalanced_holdings()
returns table (user_id uuid, token_id uuid, held numeric, moved numeric)
language sql
stable
rows 10
-- The worker has no grants on the ledger.
security definer
set search_path = ''
begin atomic
  select
    coalesce(holding.user_id, movements.user_id),
    coalesce(holding.token_id, movements.token_id),
    coalesce(holding.balance + holding.staked_balance, 0),
    coalesce(movements.amount, 0)
  from governance.user_tokens as holding
  full join (
    select movement.user_id, movement.token_id, sum(ledger.counted_amount(movement.status, movement.amount)) as amount
    from ledger.transactions as movement
    where movement.token_id is not null
    group by movement.user_id, movement.token_id
  ) as movements
    on movements.user_id = holding.user_id and movements.token_id = holding.token_id
  where coalesce(holding.balance + holding.staked_balance, 0) <> coalesce(movements.amount, 0)
  order by 1, 2;
end;

comment on function ledger.unbalanced_holdings() is
  'For the worker: the holdings that are not what the movements of their holder add up to, which is none. Nothing is repaired: which side is wrong is for a person to find out. Reads the whole ledger.';

revoke all on function ledger.unbalanced_holdings() from public;
grant execute on function ledger.unbalanced_holdings() to stoa_worker;

-- Object: ledger/triggers/transactions.apply_insert.sql
create or replace trigger apply_insert
after insert on ledger.transactions
referencing new table as added
for each statement
execute function ledger.apply_to_holdings();

comment on trigger apply_insert on ledger.transactions is 'Keeps the balance of the holder.';

-- Object: ledger/triggers/transactions.apply_update.sql
create or replace trigger apply_update
after update on ledger.transactions
referencing old table as removed new table as added
for each statement
execute function ledger.apply_to_holdings();

comment on trigger apply_update on ledger.transactions is 'Keeps the balance of the holder.';

-- Object: ledger/triggers/transactions.guard.sql
create or replace trigger guard
before update on ledger.transactions
for each row
execute function ledger.guard_transaction();

comment on trigger guard on ledger.transactions is 'A movement is settled once.';

-- Object: ledger/triggers/transactions.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on ledger.transactions
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on ledger.transactions is 'Keeps updated_at.';

-- Object: ledger/policies/chain_receipts.sql
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

-- Object: ledger/policies/transactions.sql
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

-- End of objects

-- Down Migration

drop policy all_for_admins on ledger.transactions;
drop policy own on ledger.transactions;
drop policy all_for_admins on ledger.chain_receipts;
drop policy own on ledger.chain_receipts;
drop trigger touch_updated_at on ledger.transactions;
drop trigger guard on ledger.transactions;
drop trigger apply_update on ledger.transactions;
drop trigger apply_insert on ledger.transactions;
drop function ledger.unbalanced_holdings();
drop function ledger.transfer(uuid, uuid, numeric, text, text);
drop function ledger.settle(uuid, uuid, text, text);
drop function ledger.request_withdrawal(uuid, numeric, text, text);
drop function ledger.record_deposit(uuid, uuid, numeric, text, text, integer);
drop function ledger.guard_transaction();
drop function ledger.counted_amount(text, numeric);
drop function ledger.apply_to_holdings();
revoke all on table ledger.chain_receipts from stoa_member;
revoke all on table ledger.transactions from stoa_member;
