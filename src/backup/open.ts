import type { Config } from '../config.ts';
import { openStorage } from '../storage/open.ts';
import type { Storage } from '../storage/storage.ts';
import { openVault, type Vault } from './vault.ts';

type Settings = Pick<
  Config,
  'backup' | 'backupIdentity' | 'backupStorageAccessKeyId' | 'backupStorageSecretAccessKey'
>;

/** The place of backups. Whoever opens it closes it. */
export function openBackupStorage(config: Settings): Promise<Storage> {
  return openStorage({
    storage: config.backup.storage,
    storageAccessKeyId: config.backupStorageAccessKeyId,
    storageSecretAccessKey: config.backupStorageSecretAccessKey,
  });
}

/** The same, with what is put there compressed and encrypted as the settings say. */
export async function openBackupVault(config: Settings): Promise<Vault> {
  return openVault({
    storage: await openBackupStorage(config),
    recipients: config.backup.recipients,
    identities: identitiesOf(config.backupIdentity),
  });
}

/** As a key file has them: one a line, with comments between. */
export function identitiesOf(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
