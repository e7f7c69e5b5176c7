import type { Config } from '../config.ts';
import { openBackupStorage } from '../storage/open.ts';
import { openVault, type Vault } from './vault.ts';

type Settings = Pick<
  Config,
  'backup' | 'backupIdentity' | 'backupStorageAccessKeyId' | 'backupStorageSecretAccessKey'
>;

/** The place of backups; what is put there is compressed and encrypted as the settings say. Whoever opens it closes its storage. */
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
