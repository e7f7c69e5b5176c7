-- Why: registers what must hold about the tables of this module, for "stoa doctor invariants".
-- Locks: none. Back: deletes the rows of this module.

-- Up Migration

insert into ops.invariants (name, module, description, query) values
  (
    'auth.accounts.system',
    'auth',
    'Nobody can sign in as an account of the system: it has no credentials.',
    $query$
      select person.id::text as subject, 'no credentials' as expected, 'a row of auth.accounts' as found
      from core.users as person
      join auth.accounts as account on account.user_id = person.id
      where person.is_system
    $query$
  ),
  (
    'auth.recovery_codes.second_factor',
    'auth',
    'Recovery codes exist beside a second factor that is switched on, and go with it.',
    $query$
      select code.user_id::text as subject, 'a confirmed second factor' as expected, 'recovery codes alone' as found
      from auth.recovery_codes as code
      where not exists (
        select from auth.two_factor as factor where factor.user_id = code.user_id and factor.confirmed_at is not null
      )
      group by code.user_id
    $query$
  ),
  (
    'auth.wallets.address_key',
    'auth',
    'Wallets are compared by the canonical form of their address.',
    $query$
      select
        wallet.id::text as subject,
        auth.wallet_address_key(wallet.network, wallet.address) as expected,
        wallet.address_key as found
      from auth.wallets as wallet
      where wallet.address_key <> auth.wallet_address_key(wallet.network, wallet.address)
    $query$
  );

-- Down Migration

delete from ops.invariants where module = 'auth';
