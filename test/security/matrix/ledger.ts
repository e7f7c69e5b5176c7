import type { Cells, ModuleMatrix, Person, Persona } from './cells.ts';
import { id, idOf } from './people.ts';

const accounts: readonly Person[] = ['owner', 'moderator', 'admin', 'banned', 'stranger'];

/** Each reads their own, administrators read all; written by functions only. */
const ownOrAdministrator: Readonly<Record<Persona, Cells>> = {
  anonymous: ['denied', 'denied', 'denied', 'denied'],
  owner: ['own', 'denied', 'denied', 'denied'],
  member: ['none', 'denied', 'denied', 'denied'],
  moderator: ['own', 'denied', 'denied', 'denied'],
  admin: ['all', 'denied', 'denied', 'denied'],
  banned: ['denied', 'denied', 'denied', 'denied'],
};

export const ledger: ModuleMatrix = {
  'ledger.transactions': {
    rows: accounts.map((person, index) => ({
      label: person,
      belongsTo: person,
      values: {
        user_id: idOf(person),
        id: id(0x341 + index),
        type: 'deposit',
        status: 'confirmed',
        amount: '10',
        currency: 'EUR',
        // The counterparty has a leg of their own, and does not read this one.
        counterparty_id: idOf('member'),
      },
    })),
    cells: ownOrAdministrator,
  },

  'ledger.chain_receipts': {
    rows: accounts.map((person, index) => ({
      label: person,
      belongsTo: person,
      values: {
        network: 'ethereum',
        transaction_hash: '0xabc',
        log_index: index,
        user_id: idOf(person),
        transaction_id: id(0x341 + index),
      },
    })),
    cells: ownOrAdministrator,
  },
};
