import { closedToEverybody, type ModuleMatrix, type Person } from './cells.ts';
import { everybody, id, idOf, people } from './people.ts';

/** What is withheld from everybody below a moderator. */
const staffColumns = ['is_active', 'banned_until', 'deleted_at'];

const classFields = [
  'id',
  'slug',
  'name',
  'role',
  'sort_order',
  'is_default',
  'color',
  'perks',
  'min_account_age_days',
  'min_uploaded_bytes',
  'min_ratio',
  'min_torrents_uploaded',
  'max_concurrent_downloads',
];

const badgeFields = [
  'id',
  'slug',
  'name',
  'description',
  'icon_url',
  'points',
  'criteria',
  'is_secret',
  'is_active',
  'inserted_at',
];

const publicFields = ['display_name', 'avatar_url', 'banner_url'];

const profileFields = [
  'bio',
  'custom_status',
  'custom_status_expires_at',
  'website',
  'twitter',
  'discord',
  'telegram',
];

const settingsFields = [
  'theme',
  'language',
  'timezone',
  'profile_visibility',
  'presence_visibility',
  'friend_request_policy',
  'dm_policy',
  'paranoia_level',
  'allow_ai_analysis',
  'notifications',
  'privacy',
  'accessibility',
  'preferences',
];

/** Who lets whom see the profile, and the presence. */
const visibility: Readonly<Record<Person, 'public' | 'members' | 'friends' | 'private'>> = {
  owner: 'private',
  member: 'public',
  moderator: 'members',
  admin: 'public',
  banned: 'members',
  friend: 'friends',
  foe: 'public',
  stranger: 'members',
};

const badge = { plain: id(0x31), secret: id(0x32), secretUnearned: id(0x33), retired: id(0x34) };

/** How a kind of thing that can be reported is found, which nobody is told. */
const lookUp = [
  'table_name',
  'key_column',
  'parent_column',
  'author_column',
  'condition',
  'evidence_columns',
  'removal',
];

export const core: ModuleMatrix = {
  'core.user_classes': {
    rows: [{ label: 'guest', values: { id: 99, slug: 'guest', name: 'Guest', sort_order: 99 } }],
    cells: {
      anonymous: ['all', 'denied', 'denied', 'denied'],
      owner: ['all', 'denied', 'denied', 'denied'],
      member: ['all', 'denied', 'denied', 'denied'],
      moderator: ['all', 'denied', 'denied', 'denied'],
      admin: ['all', { rows: 'all', columns: classFields }, { rows: 'all', columns: classFields }, 'denied'],
      banned: ['all', 'denied', 'denied', 'denied'],
    },
  },

  'core.users': {
    rows: everybody.map((person) => ({
      label: person,
      belongsTo: person,
      values: {
        id: idOf(person),
        username: people[person].username,
        class_id: people[person].classId,
        role: people[person].role,
        banned_until: people[person].bannedUntil,
      },
    })),
    cells: {
      anonymous: [{ rows: 'all', without: staffColumns }, 'denied', 'denied', 'denied'],
      owner: [
        { rows: 'all', without: staffColumns },
        'denied',
        { rows: 'own', columns: publicFields },
        'denied',
      ],
      member: [
        { rows: 'all', without: staffColumns },
        'denied',
        { rows: 'own', columns: publicFields },
        'denied',
      ],
      moderator: ['all', 'denied', { rows: 'own', columns: publicFields }, 'denied'],
      admin: ['all', 'denied', { rows: 'own', columns: publicFields }, 'denied'],
      banned: [{ rows: 'all', without: staffColumns }, 'denied', 'denied', 'denied'],
    },
  },

  'core.user_settings': {
    rows: everybody.map((person) => ({
      label: person,
      belongsTo: person,
      values: {
        user_id: idOf(person),
        profile_visibility: visibility[person],
        presence_visibility: visibility[person],
        paranoia_level: person === 'stranger' ? 3 : 0,
      },
    })),
    cells: {
      anonymous: ['denied', 'denied', 'denied', 'denied'],
      owner: ['own', 'denied', { rows: 'own', columns: settingsFields }, 'denied'],
      member: ['own', 'denied', { rows: 'own', columns: settingsFields }, 'denied'],
      moderator: ['own', 'denied', { rows: 'own', columns: settingsFields }, 'denied'],
      admin: ['all', 'denied', { rows: 'own', columns: settingsFields }, 'denied'],
      banned: ['denied', 'denied', 'denied', 'denied'],
    },
  },

  // The owner is the friend of `friend`, has blocked `stranger` and was blocked by `foe`.
  'core.profiles': {
    rows: everybody.map((person) => ({
      label: person,
      belongsTo: person,
      values: {
        user_id: idOf(person),
        bio: `I am ${people[person].username}.`,
        visibility: visibility[person],
      },
    })),
    cells: {
      anonymous: [['member', 'admin', 'foe'], 'denied', 'denied', 'denied'],
      owner: [
        ['owner', 'member', 'moderator', 'admin', 'banned', 'friend'],
        'denied',
        { rows: 'own', columns: profileFields },
        'denied',
      ],
      member: [
        ['member', 'moderator', 'admin', 'banned', 'foe', 'stranger'],
        'denied',
        { rows: 'own', columns: profileFields },
        'denied',
      ],
      moderator: ['all', 'denied', { rows: 'own', columns: profileFields }, 'denied'],
      admin: ['all', 'denied', { rows: 'own', columns: profileFields }, 'denied'],
      banned: [['member', 'admin', 'foe'], 'denied', 'denied', 'denied'],
    },
  },

  'core.presence': {
    rows: everybody.map((person) => ({
      label: person,
      belongsTo: person,
      values: { user_id: idOf(person), status: 'online', visibility: visibility[person] },
    })),
    cells: {
      anonymous: [['member', 'admin', 'foe'], 'denied', 'denied', 'denied'],
      owner: [
        ['owner', 'member', 'moderator', 'admin', 'banned', 'friend', 'foe', 'stranger'],
        'denied',
        'denied',
        'denied',
      ],
      member: [['member', 'moderator', 'admin', 'banned', 'foe', 'stranger'], 'denied', 'denied', 'denied'],
      moderator: ['all', 'denied', 'denied', 'denied'],
      admin: ['all', 'denied', 'denied', 'denied'],
      banned: [['member', 'admin', 'foe'], 'denied', 'denied', 'denied'],
    },
  },

  'core.settings': {
    isCleared: true,
    rows: [
      { label: 'public', values: { key: 'site.name', value: 'Stoa', is_public: true } },
      { label: 'internal', values: { key: 'mail.sender', value: 'stoa@example.org' } },
      // Triggers of the tables below read this one.
      { label: 'switch', values: { key: 'search.outbox_enabled', value: 'false', type: 'boolean' } },
      { label: 'secret', values: { key: 'secret.smtp_password', value: 'hidden' } },
    ],
    cells: {
      anonymous: [['public'], 'denied', 'denied', 'denied'],
      owner: [['public'], 'denied', 'denied', 'denied'],
      member: [['public'], 'denied', 'denied', 'denied'],
      moderator: [['public', 'internal', 'switch'], 'denied', 'denied', 'denied'],
      admin: ['all', 'denied', 'denied', 'denied'],
      banned: [['public'], 'denied', 'denied', 'denied'],
    },
  },

  'core.achievements': {
    isCleared: true,
    rows: [
      { label: 'plain', values: { id: badge.plain, slug: 'plain', name: 'Plain' } },
      { label: 'secret', values: { id: badge.secret, slug: 'secret', name: 'Secret', is_secret: true } },
      {
        label: 'secret that nobody has earned',
        values: {
          id: badge.secretUnearned,
          slug: 'secret_unearned',
          name: 'Secret, unearned',
          is_secret: true,
        },
      },
      { label: 'retired', values: { id: badge.retired, slug: 'retired', name: 'Retired', is_active: false } },
    ],
    cells: {
      anonymous: [['plain'], 'denied', 'denied', 'denied'],
      owner: [['plain', 'secret', 'retired'], 'denied', 'denied', 'denied'],
      member: [['plain'], 'denied', 'denied', 'denied'],
      moderator: ['all', 'denied', 'denied', 'denied'],
      admin: ['all', { rows: 'all', columns: badgeFields }, { rows: 'all', columns: badgeFields }, 'denied'],
      banned: [['plain'], 'denied', 'denied', 'denied'],
    },
  },

  // The profile of the owner is private, that of the member public; the stranger has paranoia level 3.
  'core.user_achievements': {
    rows: [
      {
        label: 'secret of the owner',
        belongsTo: 'owner',
        values: { user_id: idOf('owner'), achievement_id: badge.secret, earned_at: '2026-01-01' },
      },
      {
        label: 'retired of the owner',
        belongsTo: 'owner',
        values: { user_id: idOf('owner'), achievement_id: badge.retired, earned_at: '2026-01-01' },
      },
      {
        label: 'progress of the owner',
        belongsTo: 'owner',
        values: { user_id: idOf('owner'), achievement_id: badge.plain, progress: 1 },
      },
      {
        label: 'plain of the member',
        belongsTo: 'member',
        values: { user_id: idOf('member'), achievement_id: badge.plain, earned_at: '2026-01-01' },
      },
      {
        label: 'plain of the stranger',
        belongsTo: 'stranger',
        values: { user_id: idOf('stranger'), achievement_id: badge.plain, earned_at: '2026-01-01' },
      },
    ],
    cells: {
      anonymous: [['plain of the member'], 'denied', 'denied', 'denied'],
      owner: [
        ['secret of the owner', 'retired of the owner', 'progress of the owner', 'plain of the member'],
        'denied',
        'denied',
        'denied',
      ],
      member: [
        ['secret of the owner', 'retired of the owner', 'plain of the member'],
        'denied',
        'denied',
        'denied',
      ],
      moderator: ['all', 'denied', 'denied', 'denied'],
      admin: ['all', 'denied', 'denied', 'denied'],
      banned: [['plain of the member'], 'denied', 'denied', 'denied'],
    },
  },

  'core.idempotency_keys': {
    rows: [
      {
        label: 'key of the owner',
        belongsTo: 'owner',
        values: {
          user_id: idOf('owner'),
          scope: 'forums.create_post',
          key: 'once',
          request_hash: Buffer.alloc(32),
          result: '{}',
        },
      },
    ],
    cells: closedToEverybody,
  },

  'core.search_index_queue': {
    rows: [{ label: 'job', values: { entity_type: 'user', entity_id: idOf('owner') } }],
    isCleared: true,
    cells: closedToEverybody,
  },

  'core.error_codes': { rows: [], cells: closedToEverybody },
  'core.ownership_rules': { rows: [], cells: closedToEverybody },
  'core.user_metrics': { rows: [], cells: closedToEverybody },
  'core.search_sources': { rows: [], cells: closedToEverybody },

  'core.report_subjects': {
    isCleared: true,
    rows: [
      { label: 'person', values: { type: 'user', label: 'person', table_name: 'core.users' } },
      {
        label: 'ban',
        values: { type: 'ban', label: 'ban', table_name: 'moderation.bans', is_reportable: false },
      },
    ],
    cells: {
      anonymous: ['denied', 'denied', 'denied', 'denied'],
      owner: [{ rows: ['person'], without: lookUp }, 'denied', 'denied', 'denied'],
      member: [{ rows: ['person'], without: lookUp }, 'denied', 'denied', 'denied'],
      moderator: [{ rows: 'all', without: lookUp }, 'denied', 'denied', 'denied'],
      admin: [{ rows: 'all', without: lookUp }, 'denied', 'denied', 'denied'],
      banned: ['denied', 'denied', 'denied', 'denied'],
    },
  },

  'core.overviews': {
    key: ['user_id'],
    isOfCaller: true,
    rows: [],
    cells: {
      anonymous: ['none', 'denied', 'denied', 'denied'],
      owner: ['own', 'denied', 'denied', 'denied'],
      member: ['own', 'denied', 'denied', 'denied'],
      moderator: ['own', 'denied', 'denied', 'denied'],
      admin: ['own', 'denied', 'denied', 'denied'],
      banned: ['own', 'denied', 'denied', 'denied'],
    },
  },

  'core.user_restrictions': { rows: [], cells: closedToEverybody },
};
