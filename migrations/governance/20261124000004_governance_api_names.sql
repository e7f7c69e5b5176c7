-- Why: the canonical form of an address only keeps addresses apart; clients read the address.
-- Locks: none on anything that holds data: comments only. Back: the comments before.

-- Up Migration

comment on column governance.tokens.contract_address_key is E'@behavior -*\nThe address in its canonical form.';

-- Down Migration

comment on column governance.tokens.contract_address_key is 'The address in its canonical form.';
