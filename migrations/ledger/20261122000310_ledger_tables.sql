-- Why: the ledger: every movement of tokens and money of a person, and the receipts that keep a movement on a chain
-- from being credited twice. Balances in governance.user_tokens are the sums of what stands here.
-- Locks: none on anything that holds data. Back: drops the schema with the whole history of movements in it.

-- Up Migration

create schema ledger;
comment on schema ledger is 'The ledger: movements of tokens and money.';

grant usage on schema ledger to stoa_anonymous, stoa_worker;

create table ledger.transactions (
  user_id uuid not null,
  id uuid not null default core.uuidv7(),
  counterparty_id uuid,
  transfer_id uuid,
  token_id uuid,
  type text not null,
  status text not null default 'pending',
  amount numeric(78,18) not null,
  currency varchar(16) not null,
  description text,
  metadata jsonb not null default '{}',
  network varchar(32),
  transaction_hash varchar(128),
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint transactions_pkey primary key (user_id, id),
  constraint transactions_user_id_fkey foreign key (user_id) references core.users (id) on delete restrict,
  constraint transactions_counterparty_id_fkey foreign key (counterparty_id) references core.users (id) on delete restrict,
  constraint transactions_token_id_fkey foreign key (token_id) references governance.tokens (id) on delete restrict,
  constraint transactions_type_check check (type in ('deposit', 'withdrawal', 'transfer', 'vote')),
  constraint transactions_status_check check (status in ('pending', 'confirmed', 'failed', 'cancelled')),
  constraint transactions_amount_check check (amount <> 0),
  constraint transactions_hash_check check (transaction_hash is null or network is not null),
  constraint transactions_metadata_check check (jsonb_typeof(metadata) = 'object'),
  constraint transactions_description_check check (char_length(description) <= 500)
)
partition by range (id);

comment on table ledger.transactions is
  E'@name transaction\nOne movement on one person''s account. A transfer is two of them.';
comment on column ledger.transactions.user_id is 'Whose account it is.';
comment on column ledger.transactions.id is 'Time-ordered identifier.';
comment on column ledger.transactions.counterparty_id is 'The other person of a transfer.';
comment on column ledger.transactions.transfer_id is 'Pairs the two legs of a transfer.';
comment on column ledger.transactions.token_id is 'The token that moved; null for money.';
comment on column ledger.transactions.type is 'deposit, withdrawal, transfer, or vote where a proposal locks tokens.';
comment on column ledger.transactions.status is 'pending, then confirmed, failed or cancelled, once. A debit counts from pending on, a credit when it is confirmed.';
comment on column ledger.transactions.amount is 'Signed: more than zero is a credit, less a debit.';
comment on column ledger.transactions.currency is 'Ticker of the token, or ISO 4217 code.';
comment on column ledger.transactions.description is 'Words of the person who moved it.';
comment on column ledger.transactions.metadata is 'What the provider or the chain says, the destination of a withdrawal.';
comment on column ledger.transactions.network is 'Chain of transaction_hash.';
comment on column ledger.transactions.transaction_hash is 'Identifier on the chain.';
comment on column ledger.transactions.inserted_at is 'When the row was made.';
comment on column ledger.transactions.updated_at is 'When the row was last changed.';

create index transactions_status_idx on ledger.transactions (status, id)
  where status = 'pending';
comment on index ledger.transactions_status_idx is 'Movements that wait for their confirmation.';
create index transactions_user_type_idx on ledger.transactions (user_id, type, id desc);
comment on index ledger.transactions_user_type_idx is 'The statement of one person, of one kind of movement, newest first.';
create index transactions_counterparty_idx on ledger.transactions (counterparty_id)
  where counterparty_id is not null;
comment on index ledger.transactions_counterparty_idx is 'Supports the foreign key to the other person.';
create index transactions_token_idx on ledger.transactions (token_id, id)
  where token_id is not null;
comment on index ledger.transactions_token_idx is 'The flow of one token; supports the foreign key.';
create index transactions_transfer_idx on ledger.transactions (transfer_id)
  where transfer_id is not null;
comment on index ledger.transactions_transfer_idx is 'The other leg of a transfer.';

comment on index ledger.transactions_pkey is 'The statement of one person, newest first, paged by keyset.';
comment on constraint transactions_type_check on ledger.transactions is 'The kinds that exist.';
comment on constraint transactions_status_check on ledger.transactions is 'The states that exist.';
comment on constraint transactions_amount_check on ledger.transactions is 'Something moved.';
comment on constraint transactions_hash_check on ledger.transactions is 'A hash means something on its chain only.';
comment on constraint transactions_metadata_check on ledger.transactions is 'Always an object.';
comment on constraint transactions_description_check on ledger.transactions is 'A text has an end.';

alter table ledger.transactions enable row level security;

-- Object: ledger/functions/refuse_removal.sql
create or replace function ledger.refuse_removal()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'the ledger only grows: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'restrict_violation';
end
$$;

comment on function ledger.refuse_removal() is
  'Trigger of the ledger: refuses every DELETE and TRUNCATE, of the owner too.';

revoke all on function ledger.refuse_removal() from public;

-- Object: ledger/triggers/transactions.refuse_delete.sql
create or replace trigger refuse_delete
before delete on ledger.transactions
for each row
execute function ledger.refuse_removal();

comment on trigger refuse_delete on ledger.transactions is 'A movement stays.';

-- Object: ledger/triggers/transactions.refuse_truncate.sql
-- Does not follow to partitions by itself: ops.ensure_partitions gives each new one its copy.
create or replace trigger refuse_truncate
before truncate on ledger.transactions
for each statement
execute function ledger.refuse_removal();

comment on trigger refuse_truncate on ledger.transactions is 'A movement stays.';

-- End of objects

insert into ops.partition_policies (parent, key_kind) values
  ('ledger.transactions', 'uuidv7');

select ops.ensure_partitions('ledger.transactions');

create table ledger.chain_receipts (
  network varchar(32) not null,
  transaction_hash varchar(128) not null,
  log_index integer not null default 0,
  user_id uuid not null,
  transaction_id uuid not null,
  inserted_at timestamptz not null default now(),
  constraint chain_receipts_pkey primary key (network, transaction_hash, log_index),
  constraint chain_receipts_tx_fkey foreign key (user_id, transaction_id) references ledger.transactions (user_id, id) on delete restrict
    deferrable initially deferred,
  constraint chain_receipts_hash_check check (transaction_hash = lower(transaction_hash)),
  constraint chain_receipts_log_index_check check (log_index >= 0)
);

comment on table ledger.chain_receipts is
  E'@name chain_receipt\nAn event on a chain that was credited. Its key is what keeps it from being credited twice: the ledger is partitioned, and cannot hold a unique hash.';
comment on column ledger.chain_receipts.network is 'The chain.';
comment on column ledger.chain_receipts.transaction_hash is 'The hash in its canonical, lower-case form.';
comment on column ledger.chain_receipts.log_index is 'Which event of the transaction.';
comment on column ledger.chain_receipts.user_id is 'Whom it was credited to.';
comment on column ledger.chain_receipts.transaction_id is 'The movement in the ledger.';
comment on column ledger.chain_receipts.inserted_at is 'When the row was made.';

create index chain_receipts_tx_idx on ledger.chain_receipts (user_id, transaction_id);
comment on index ledger.chain_receipts_tx_idx is 'The receipts of one person; supports the foreign key.';

comment on index ledger.chain_receipts_pkey is 'Has this event been credited?';
comment on constraint chain_receipts_tx_fkey on ledger.chain_receipts is 'The movement that was credited. Checked at the end of the transaction: the receipt is written first, because it decides which of two workers credits.';
comment on constraint chain_receipts_hash_check on ledger.chain_receipts is 'One spelling.';
comment on constraint chain_receipts_log_index_check on ledger.chain_receipts is 'Events count from 0.';

alter table ledger.chain_receipts enable row level security;

insert into ops.backup_tiers (table_name, tier) values
  ('ledger.transactions', 'A'),
  ('ledger.chain_receipts', 'A');

insert into ops.personal_data_rules (table_name, column_name, action, reason) values
  ('ledger.transactions', 'user_id', 'keep', 'Book-keeping: the balances of everybody else rest on both legs; points at the tombstone.'),
  ('ledger.transactions', 'counterparty_id', 'keep', 'Book-keeping: the other leg belongs to somebody else; points at the tombstone.'),
  ('ledger.transactions', 'description', 'scrub', 'Written by the person; the movement stands without it.'),
  ('ledger.transactions', 'metadata', 'keep', 'Book-keeping: where a withdrawal went must stay provable.'),
  ('ledger.chain_receipts', 'user_id', 'keep', 'Book-keeping: keeps an event from being credited again; points at the tombstone.');

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('transfer.to_self', 'ST422', 'A transfer goes to somebody else.', 'Choose another recipient.'),
  ('withdrawal.address_invalid', 'ST422', 'This is not an address to withdraw to.', 'Send 1 to 128 letters, digits, or the signs . _ : -'),
  ('deposit.event_invalid', 'ST422', 'This is not an event on the network of the token.', 'Send the network of the token, a hash and the index of the event.'),
  ('transaction.unknown', 'ST404', 'There is no such movement.', 'Check both identifiers.'),
  ('transaction.status_invalid', 'ST422', 'A movement cannot be settled like this.', 'Send confirmed, failed or cancelled, and a hash only with confirmed.'),
  ('transaction.settled', 'ST409', 'The movement is settled already.', 'Nothing in it changes any more.');

-- Down Migration

delete from core.error_codes
where reason in (
  'transfer.to_self', 'withdrawal.address_invalid', 'deposit.event_invalid',
  'transaction.unknown', 'transaction.status_invalid', 'transaction.settled'
);
delete from ops.personal_data_rules where table_name like 'ledger.%';
delete from ops.backup_tiers where table_name like 'ledger.%';
delete from ops.partition_policies where parent = 'ledger.transactions';

drop table ledger.chain_receipts;
drop table ledger.transactions;
drop function ledger.refuse_removal();
drop schema ledger;
