import { z } from 'zod';
import { listOf, type Setting, text, yesOrNo } from './setting-forms.ts';

/** The settings of where backups go and who can read them. src/config.ts reads them with all others. */
export interface BackupSettings {
  /** An absolute folder, or `s3://bucket/prefix?endpoint=…&region=…`. */
  readonly storage: string;
  /** Public halves of age keys (`age1…`) for which backups are encrypted. None: they are not. */
  readonly recipients: readonly string[];
  /** Take a base backup every day. */
  readonly daily: boolean;
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
];

/** The same with their types and defaults, for the list of all settings. */
export const backupValues = {
  'backup.storage': z.string().optional(),
  'backup.recipients': z.array(z.string()).default([]),
  'backup.daily': z.boolean().default(true),
  backupUrl: z.string().optional(),
  backupIdentity: z.string().optional(),
  backupStorageAccessKeyId: z.string().optional(),
  backupStorageSecretAccessKey: z.string().optional(),
};
