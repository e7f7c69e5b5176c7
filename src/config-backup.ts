import { z } from 'zod';
import { type Compression, readCompression, usualCompression } from './backup/compression.ts';
import { listOf, type Setting, text, wholeNumber, yesOrNo } from './setting-forms.ts';

/** The settings of where backups go and who can read them. src/config.ts reads them with all others. */
export interface BackupSettings {
  /** An absolute folder, or `s3://bucket/prefix?endpoint=…&region=…`. */
  readonly storage: string;
  /** Public halves of age keys (`age1…`) for which backups are encrypted. None: they are not. */
  readonly recipients: readonly string[];
  /** Take a base backup every day. */
  readonly daily: boolean;
  /** Take what changed each hour. */
  readonly increments: boolean;
  /** Of the files of the server in base backups and increments. */
  readonly compression: Compression;
  /** How many increments may be laid over one another before a base is due. */
  readonly longestChain: number;
  /** An absolute folder: hashes of the blocks of the last backups, where those are encrypted. */
  readonly blockIndex: string;
  /** How the log of the database is received. */
  readonly wal: WalSettings;
}

export interface WalSettings {
  /** Whether "stoa up" receives the log of the embedded server. */
  readonly isReceived: boolean;
  /** An absolute folder. */
  readonly spool: string;
  /** In bytes. */
  readonly spoolLimit: number;
  /** Also what `synchronous_standby_names` of the server may list. */
  readonly slot: string;
  readonly partialSeconds: number;
}

/** Each on the top level of the configuration, where secrets are left out when it is printed. */
export interface BackupSecrets {
  /** A login that may replicate. */
  readonly backupUrl: string | undefined;
  /** Private halves of age keys, one a line. Needed to restore, never to back up. */
  readonly backupIdentity: string | undefined;
  readonly backupStorageAccessKeyId: string | undefined;
  readonly backupStorageSecretAccessKey: string | undefined;
}

const compressionForm = 'none, or zstd:LEVEL with a level from 1 to 19';

export const backupSettings: readonly Setting[] = [
  {
    key: 'backup.storage',
    environment: ['STOA_BACKUP_STORAGE'],
    secret: false,
    summary:
      'Where backups, the log of the database and the ledger of erasures lie: a folder on another disk, or `s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION`.',
    defaultText: '`backups` in the data folder',
    schema: text,
  },
  {
    key: 'backupStorageAccessKeyId',
    environment: ['STOA_BACKUP_STORAGE_ACCESS_KEY_ID'],
    secret: true,
    summary: 'Access key of an `s3://` storage of backups.',
    defaultText: '`storageAccessKeyId`',
    schema: text,
  },
  {
    key: 'backupStorageSecretAccessKey',
    environment: ['STOA_BACKUP_STORAGE_SECRET_ACCESS_KEY'],
    secret: true,
    summary: 'The secret that belongs to it.',
    defaultText: '`storageSecretAccessKey`',
    schema: text,
  },
  {
    key: 'backup.recipients',
    environment: ['STOA_BACKUP_RECIPIENTS'],
    secret: false,
    summary:
      'Public halves of age keys (`age1…`) for which backups are encrypted, with commas between. Whoever has a private half of one can read them; this machine need not.',
    defaultText: 'none: backups are compressed and not encrypted',
    schema: listOf('age recipients, with commas between'),
  },
  {
    key: 'backup.daily',
    environment: ['STOA_BACKUP_DAILY'],
    secret: false,
    summary:
      'Take a base backup each day at 3:00 UTC and remove what is no longer kept; a server of its own also needs `backupUrl`.',
    defaultText: '`true`',
    schema: yesOrNo,
  },
  {
    key: 'backup.increments',
    environment: ['STOA_BACKUP_INCREMENTS'],
    secret: false,
    summary:
      'Take what changed each hour, so that a restore replays less of the log. Without it a base backup takes less time.',
    defaultText: '`true`',
    schema: yesOrNo,
  },
  {
    key: 'backup.compression',
    environment: ['STOA_BACKUP_COMPRESSION'],
    secret: false,
    summary:
      'How the files of the server are compressed in base backups and increments: `none`, or `zstd:LEVEL` with a level from 1 (fast) to 19 (small). Each backup is read as it was written.',
    defaultText: '`zstd:1`',
    schema: z
      .string({ error: compressionForm })
      .refine((value) => readCompression(value) !== undefined, { error: compressionForm }),
  },
  {
    key: 'backup.longestChain',
    environment: ['STOA_BACKUP_LONGEST_CHAIN'],
    secret: false,
    summary:
      'How many increments may be laid over one another. The one after that is a base backup: a restore reads all of a chain, and one damaged link takes those above it along.',
    defaultText: '`48`',
    schema: wholeNumber(1, 1_000),
  },
  {
    key: 'backup.blockIndex',
    environment: ['STOA_BACKUP_BLOCK_INDEX'],
    secret: false,
    summary:
      'The folder where, with encrypted backups, the hashes of the blocks of the last ones are kept under a key of this installation, so that increments need no `backupIdentity`.',
    defaultText: '`block-index` in the data folder',
    schema: text,
  },
  {
    key: 'backupIdentity',
    environment: ['STOA_BACKUP_IDENTITY'],
    secret: true,
    summary:
      'Private halves of age keys (`AGE-SECRET-KEY-1…`), one a line. Needed to restore and to drill, never to back up.',
    defaultText: 'none',
    schema: text,
  },
  {
    key: 'backupUrl',
    environment: ['STOA_BACKUP_URL'],
    secret: true,
    summary:
      'The login with which backups and the log are read; it needs REPLICATION (`stoa_backup` has it).',
    defaultText: 'made from the database’s own',
    schema: text,
  },
  {
    key: 'backup.wal',
    environment: ['STOA_BACKUP_WAL'],
    secret: false,
    summary:
      'Whether `stoa up` receives the log of the embedded server. For another server run `stoa backup wal run`.',
    defaultText: '`true`',
    schema: yesOrNo,
  },
  {
    key: 'backup.walSpool',
    environment: ['STOA_BACKUP_WAL_SPOOL'],
    secret: false,
    summary: 'The folder where the log lies until the storage of backups has it.',
    defaultText: '`wal` in the data folder',
    schema: text,
  },
  {
    key: 'backup.walSpoolLimitMb',
    environment: ['STOA_BACKUP_WAL_SPOOL_LIMIT_MB'],
    secret: false,
    summary:
      'How much may wait there, in megabytes. With more, nothing is taken from the server, which keeps it, and an alert is raised.',
    defaultText: '`2048`',
    schema: wholeNumber(64, 1_048_576),
  },
  {
    key: 'backup.walSlot',
    environment: ['STOA_BACKUP_WAL_SLOT'],
    secret: false,
    summary:
      'Name of the replication slot, and of the receiver in `synchronous_standby_names`. Each receiver of a server needs its own.',
    defaultText: '`stoa_wal`',
    schema: text,
  },
  {
    key: 'backup.walPartialSeconds',
    environment: ['STOA_BACKUP_WAL_PARTIAL_SECONDS'],
    secret: false,
    summary:
      'How often the segment that is being written goes into the storage while it grows: what the loss of this machine’s disks may cost.',
    defaultText: '`30`',
    schema: wholeNumber(1, 3_600),
  },
];

/** The same with their types and defaults, for the list of all settings. */
export const backupValues = {
  'backup.storage': z.string().optional(),
  'backup.recipients': z.array(z.string()).default([]),
  'backup.daily': z.boolean().default(true),
  'backup.increments': z.boolean().default(true),
  'backup.compression': z
    .string()
    .optional()
    .transform((value): Compression => readCompression(value ?? '') ?? usualCompression),
  'backup.longestChain': z.number().default(48),
  'backup.blockIndex': z.string().optional(),
  'backup.wal': z.boolean().default(true),
  'backup.walSpool': z.string().optional(),
  'backup.walSpoolLimitMb': z.number().default(2_048),
  'backup.walSlot': z
    .string()
    .regex(/^[a-z0-9_]{1,63}$/)
    .default('stoa_wal'),
  'backup.walPartialSeconds': z.number().default(30),
  backupUrl: z.string().optional(),
  backupIdentity: z.string().optional(),
  backupStorageAccessKeyId: z.string().optional(),
  backupStorageSecretAccessKey: z.string().optional(),
};
