-- Why: registers what must hold about the tables of this module, for "stoa doctor invariants".
-- Locks: none. Back: deletes the rows of this module.

-- Up Migration

insert into ops.invariants (name, module, description, query) values
  (
    'ledger.transactions.holdings',
    'ledger',
    'What somebody holds of a token, free and staked, is the sum of the movements on their account.',
    $query$
      select
        wrong.user_id || ' ' || wrong.token_id as subject,
        wrong.moved::text as expected,
        wrong.held::text as found
      from ledger.unbalanced_holdings() as wrong
    $query$
  ),
  (
    'ledger.transactions.transfers',
    'ledger',
    'A transfer is two movements of the same token that cancel each other out, each on the account that the other one names.',
    $query$
      select
        transfer.transfer_id::text as subject,
        'two legs that sum to 0' as expected,
        transfer.legs || ' legs that sum to ' || transfer.total as found
      from (
        select
          leg.transfer_id,
          count(*) as legs,
          sum(ledger.counted_amount(leg.status, leg.amount)) as total,
          count(distinct leg.token_id) as tokens,
          array_agg(leg.user_id order by leg.user_id) as accounts,
          array_agg(leg.counterparty_id order by leg.counterparty_id) as counterparties
        from ledger.transactions as leg
        where leg.transfer_id is not null
        group by leg.transfer_id
      ) as transfer
      where transfer.legs <> 2
        or transfer.total <> 0
        or transfer.tokens > 1
        or transfer.accounts is distinct from transfer.counterparties
    $query$
  ),
  (
    'ledger.chain_receipts.movement',
    'ledger',
    'A receipt of a chain stands for a deposit of the same network and hash.',
    $query$
      select
        receipt.network || ' ' || receipt.transaction_hash || ' ' || receipt.log_index as subject,
        'a deposit with this hash' as expected,
        coalesce(concat_ws(' ', movement.type, movement.network, movement.transaction_hash), 'no movement') as found
      from ledger.chain_receipts as receipt
      left join ledger.transactions as movement
        on movement.user_id = receipt.user_id and movement.id = receipt.transaction_id
      where (movement.type, movement.network, lower(movement.transaction_hash))
        is distinct from ('deposit', receipt.network, receipt.transaction_hash)
    $query$
  );

-- Down Migration

delete from ops.invariants where module = 'ledger';
