import { closedToEverybody, type ModuleMatrix } from './cells.ts';
import { id, idOf } from './people.ts';

const session = id(0x51);

/** A digest that differs from the others. */
function digest(byte: number): Buffer {
  return Buffer.alloc(32, byte);
}

// Nothing of this module is readable by a role of the API: what people may know of their own account comes out of
// functions, and secrets come out of nothing.
export const auth: ModuleMatrix = {
  'auth.accounts': {
    rows: [
      { label: 'owner', belongsTo: 'owner', values: { user_id: idOf('owner'), email: 'ada@example.org' } },
      { label: 'admin', belongsTo: 'admin', values: { user_id: idOf('admin'), email: 'dora@example.org' } },
    ],
    cells: closedToEverybody,
  },
  'auth.sessions': {
    rows: [
      {
        label: 'session of the owner',
        belongsTo: 'owner',
        values: { id: session, user_id: idOf('owner'), token_hash: digest(1) },
      },
    ],
    cells: closedToEverybody,
  },
  'auth.spent_refresh_tokens': {
    rows: [{ label: 'spent', belongsTo: 'owner', values: { token_hash: digest(2), session_id: session } }],
    cells: closedToEverybody,
  },
  'auth.pending_sign_ins': {
    rows: [
      { label: 'pending', belongsTo: 'owner', values: { token_hash: digest(3), user_id: idOf('owner') } },
    ],
    cells: closedToEverybody,
  },
  'auth.two_factor': {
    rows: [
      {
        label: 'secret of the owner',
        belongsTo: 'owner',
        values: { user_id: idOf('owner'), secret_ciphertext: digest(4), key_id: 'first' },
      },
    ],
    cells: closedToEverybody,
  },
  'auth.recovery_codes': {
    rows: [
      { label: 'code of the owner', belongsTo: 'owner', values: { user_id: idOf('owner'), code_hash: 'x' } },
    ],
    cells: closedToEverybody,
  },
  'auth.wallets': {
    rows: [
      {
        label: 'wallet of the owner',
        belongsTo: 'owner',
        values: {
          user_id: idOf('owner'),
          address: '0x00000000000000000000000000000000000000aa',
          address_key: '0x00000000000000000000000000000000000000aa',
        },
      },
    ],
    cells: closedToEverybody,
  },
  'auth.wallet_challenges': {
    rows: [
      {
        label: 'challenge',
        values: { nonce: 'n', network: 'ethereum', address_key: '0xaa', message: 'Sign this.' },
      },
    ],
    cells: closedToEverybody,
  },
  'auth.one_time_tokens': {
    rows: [
      {
        label: 'token of the owner',
        belongsTo: 'owner',
        values: {
          token_hash: digest(5),
          user_id: idOf('owner'),
          purpose: 'reset_password',
          expires_at: '2099-01-01',
        },
      },
    ],
    cells: closedToEverybody,
  },
  'auth.throttle_rules': { rows: [], cells: closedToEverybody },
  'auth.throttles': { rows: [], cells: closedToEverybody },
  'auth.request_rates': { rows: [], cells: closedToEverybody },
};
