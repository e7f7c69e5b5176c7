import type { Cells, FixtureRow, ModuleMatrix, Person, Persona } from './cells.ts';
import { closedToEverybody } from './cells.ts';
import { id, idOf } from './people.ts';

/** The tokens of the little world: one in use, one retired that the owner holds, one retired that they do not. */
const tokenIds = { active: id(0x301), retired: id(0x302), forgotten: id(0x303) };

const proposalStates = {
  'draft of the owner': 'draft',
  'draft of the stranger': 'draft',
  active: 'active',
  passed: 'passed',
  rejected: 'rejected',
  expired: 'expired',
} as const;
type ProposalName = keyof typeof proposalStates;
const proposalNames = [
  'draft of the owner',
  'draft of the stranger',
  'active',
  'passed',
  'rejected',
  'expired',
] as const;
const published = ['active', 'passed', 'rejected', 'expired'] as const;

const proposalIds: Readonly<Record<ProposalName, string>> = {
  'draft of the owner': id(0x311),
  'draft of the stranger': id(0x312),
  active: id(0x313),
  passed: id(0x314),
  rejected: id(0x315),
  expired: id(0x316),
};

const holders: readonly Person[] = ['owner', 'moderator', 'admin', 'banned', 'stranger'];

/** A row for each of them on each of these proposals, named for example "owner, active". */
function onProposals(
  proposals: readonly ProposalName[],
  column: string,
  values: Readonly<Record<string, unknown>>,
): readonly FixtureRow[] {
  return proposals.flatMap((proposal) =>
    holders.map((person) => ({
      label: `${person}, ${proposal}`,
      belongsTo: person,
      values: { proposal_id: proposalIds[proposal], [column]: idOf(person), ...values },
    })),
  );
}

const voted = ['active', 'passed'] as const;
const closed = holders.map((person) => `${person}, passed`);
const andOwn = (person: Person): readonly string[] => [...closed, `${person}, active`];

/** Each reads their own, administrators read all; written by functions only. */
const ownOrAdministrator: Readonly<Record<Persona, Cells>> = {
  anonymous: ['denied', 'denied', 'denied', 'denied'],
  owner: ['own', 'denied', 'denied', 'denied'],
  member: ['none', 'denied', 'denied', 'denied'],
  moderator: ['own', 'denied', 'denied', 'denied'],
  admin: ['all', 'denied', 'denied', 'denied'],
  banned: ['denied', 'denied', 'denied', 'denied'],
};

const comments: readonly FixtureRow[] = [
  ...proposalNames.map((proposal, index) => ({
    label: `on ${proposal}`,
    belongsTo: 'owner' as const,
    values: {
      proposal_id: proposalIds[proposal],
      id: id(0x321 + index),
      user_id: idOf('owner'),
      content: 'A word.',
    },
  })),
  {
    label: 'tombstone',
    belongsTo: 'stranger',
    values: {
      proposal_id: proposalIds.active,
      id: id(0x331),
      user_id: idOf('stranger'),
      content: '',
      deleted_at: '2026-01-01',
    },
  },
];
const discussed = [...published.map((proposal) => `on ${proposal}`), 'tombstone'];

export const governance: ModuleMatrix = {
  'governance.tokens': {
    rows: (['active', 'retired', 'forgotten'] as const).map((token) => ({
      label: token,
      values: { id: tokenIds[token], symbol: token, name: token, is_active: token === 'active' },
    })),
    cells: {
      anonymous: [['active'], 'denied', 'denied', 'denied'],
      owner: [['active', 'retired'], 'denied', 'denied', 'denied'],
      member: [['active'], 'denied', 'denied', 'denied'],
      moderator: ['all', 'denied', 'denied', 'denied'],
      admin: ['all', 'denied', 'denied', 'denied'],
      banned: [['active'], 'denied', 'denied', 'denied'],
    },
  },

  'governance.user_tokens': {
    rows: [
      ...holders.map((person) => ({
        label: `${person}, active`,
        belongsTo: person,
        values: { user_id: idOf(person), token_id: tokenIds.active, balance: '10' },
      })),
      {
        label: 'owner, retired',
        belongsTo: 'owner',
        values: { user_id: idOf('owner'), token_id: tokenIds.retired, balance: '10' },
      },
      {
        label: 'stranger, forgotten',
        belongsTo: 'stranger',
        values: { user_id: idOf('stranger'), token_id: tokenIds.forgotten, balance: '10' },
      },
    ],
    cells: ownOrAdministrator,
  },

  'governance.proposals': {
    rows: proposalNames.map((proposal) => {
      const person = proposal === 'draft of the owner' ? 'owner' : 'stranger';
      return {
        label: proposal,
        belongsTo: person,
        values: {
          id: proposalIds[proposal],
          proposer_id: idOf(person),
          token_id: tokenIds.active,
          title: proposal,
          description: 'Shall we?',
          status: proposalStates[proposal],
          voting_start: '2026-01-01',
          voting_end: '2026-01-08',
          snapshot_power: proposalStates[proposal] === 'draft' ? null : '50',
        },
      };
    }),
    cells: {
      anonymous: [published, 'denied', 'denied', 'denied'],
      owner: [[...published, 'draft of the owner'], 'denied', 'denied', 'denied'],
      member: [published, 'denied', 'denied', 'denied'],
      moderator: ['all', 'denied', 'denied', 'denied'],
      admin: ['all', 'denied', 'denied', 'denied'],
      banned: [published, 'denied', 'denied', 'denied'],
    },
  },

  'governance.voting_snapshots': {
    rows: onProposals(voted, 'user_id', { voting_power: '10' }),
    cells: {
      anonymous: ['denied', 'denied', 'denied', 'denied'],
      owner: [andOwn('owner'), 'denied', 'denied', 'denied'],
      member: [closed, 'denied', 'denied', 'denied'],
      moderator: [andOwn('moderator'), 'denied', 'denied', 'denied'],
      admin: ['all', 'denied', 'denied', 'denied'],
      banned: ['denied', 'denied', 'denied', 'denied'],
    },
  },

  'governance.vote_tallies': {
    rows: [{ label: 'shard', values: { proposal_id: proposalIds.active, shard: 0 } }],
    cells: closedToEverybody,
  },

  // While voting is open, nobody reads the ballots of others: administrators are no exception.
  'governance.votes': {
    rows: onProposals(voted, 'voter_id', { vote_type: 'yes', voting_power: '10' }),
    cells: {
      anonymous: [closed, 'denied', 'denied', 'denied'],
      owner: [andOwn('owner'), 'denied', 'denied', 'denied'],
      member: [closed, 'denied', 'denied', 'denied'],
      moderator: [andOwn('moderator'), 'denied', 'denied', 'denied'],
      admin: [andOwn('admin'), 'denied', 'denied', 'denied'],
      banned: [closed, 'denied', 'denied', 'denied'],
    },
  },

  'governance.comments': {
    rows: comments,
    cells: {
      anonymous: [discussed, 'denied', 'denied', 'denied'],
      owner: [discussed, 'denied', 'denied', 'denied'],
      member: [discussed, 'denied', 'denied', 'denied'],
      moderator: ['all', 'denied', 'denied', 'denied'],
      admin: ['all', 'denied', 'denied', 'denied'],
      banned: [discussed, 'denied', 'denied', 'denied'],
    },
  },

  'governance.removed_texts': {
    rows: [
      {
        label: 'text of the tombstone',
        belongsTo: 'stranger',
        values: { proposal_id: proposalIds.active, comment_id: id(0x331), content: 'Regretted.' },
      },
    ],
    cells: closedToEverybody,
  },

  'governance.comment_votes': {
    rows: holders.map((person) => ({
      label: person,
      belongsTo: person,
      values: {
        proposal_id: proposalIds.active,
        comment_id: id(0x323),
        user_id: idOf(person),
        value: 1,
      },
    })),
    cells: ownOrAdministrator,
  },
};
