import { isAbsolute } from 'node:path';
import type { Config } from '../config.ts';
import { exitCodes, StoaError } from '../errors.ts';
import { folderStorage } from './folder.ts';
import type { Storage } from './storage.ts';

function invalid(reason: string): StoaError {
  return new StoaError('storage.address', `STOA_STORAGE cannot be used: ${reason}.`, {
    cure: 'Name a folder, or s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION (docs/configuration.md).',
    exitCode: exitCodes.configuration,
  });
}

/** What STOA_STORAGE names: a folder, or `s3://bucket/prefix?endpoint=…&region=…`. */
export async function openStorage(
  config: Pick<Config, 'storage' | 'storageAccessKeyId' | 'storageSecretAccessKey'>,
): Promise<Storage> {
  if (isAbsolute(config.storage)) return folderStorage(config.storage);
  let url: URL;
  try {
    url = new URL(config.storage);
  } catch {
    throw invalid('it is neither a path nor a URL');
  }
  if (url.protocol !== 's3:') throw invalid(`${url.protocol} is no kind of storage that is known`);
  if (url.hostname === '') throw invalid('it names no bucket');
  if (url.username !== '' || url.password !== '') {
    throw invalid(
      'keys do not belong into the address; set STOA_STORAGE_ACCESS_KEY_ID and _SECRET_ACCESS_KEY',
    );
  }
  for (const name of url.searchParams.keys()) {
    if (!['endpoint', 'region'].includes(name)) throw invalid(`it has no parameter ${name}`);
  }
  const endpoint = url.searchParams.get('endpoint') ?? undefined;
  if (endpoint !== undefined && !/^https?:\/\//.test(endpoint)) {
    throw invalid('the endpoint is no URL such as https://storage.example');
  }
  const { storageAccessKeyId: accessKeyId, storageSecretAccessKey: secretAccessKey } = config;
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    throw invalid('one of the two keys is missing');
  }
  // Loading the client takes a fifth of a second, which a folder does without.
  const { s3Storage } = await import('./s3.ts');
  return s3Storage({
    bucket: url.hostname,
    prefix: url.pathname.replaceAll(/^\/+|\/+$/g, ''),
    endpoint,
    region: url.searchParams.get('region') ?? (endpoint === undefined ? 'us-east-1' : 'auto'),
    credentials:
      accessKeyId === undefined || secretAccessKey === undefined
        ? undefined
        : { accessKeyId, secretAccessKey },
  });
}

/** The same for what STOA_BACKUP_STORAGE names: backups, and what has to lie with them. */
export function openBackupStorage(
  config: Pick<Config, 'backup' | 'backupStorageAccessKeyId' | 'backupStorageSecretAccessKey'>,
): Promise<Storage> {
  return openStorage({
    storage: config.backup.storage,
    storageAccessKeyId: config.backupStorageAccessKeyId,
    storageSecretAccessKey: config.backupStorageSecretAccessKey,
  });
}
