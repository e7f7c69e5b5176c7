import { randomUUID } from 'node:crypto';

/** A bucket of a service that somebody runs, in which tests may write below a folder of their own. */
export interface RealEndpoint {
  /** As STOA_STORAGE names it: `folder`, which begins with a slash or is empty, below one that nobody else has. */
  addressOf(folder: string): string;
  readonly keys: Readonly<Record<string, string>>;
}

const variables = {
  endpoint: 'STOA_TEST_S3_ENDPOINT',
  bucket: 'STOA_TEST_S3_BUCKET',
  region: 'STOA_TEST_S3_REGION',
  accessKeyId: 'STOA_TEST_S3_ACCESS_KEY_ID',
  secretAccessKey: 'STOA_TEST_S3_SECRET_ACCESS_KEY',
} as const;

/** Why the suite does not run against one, for whoever reads what the tests say. */
export const noEndpoint = `not run: ${variables.endpoint} names none`;

/**
 * Undefined where none is asked for. One that is asked for by half is an error: a suite that is skipped by a slip of the
 * pen would look like one that has passed.
 */
export function realEndpoint(env: NodeJS.ProcessEnv = process.env): RealEndpoint | undefined {
  const given = Object.values(variables).filter((name) => (env[name] ?? '') !== '');
  if (given.length === 0) return undefined;
  const required = (name: string): string => {
    const value = env[name] ?? '';
    if (value === '') throw new Error(`${given.join(', ')} is set, and ${name} is not`);
    return value;
  };
  const endpoint = encodeURIComponent(required(variables.endpoint));
  const region = encodeURIComponent(required(variables.region));
  const own = `s3://${required(variables.bucket)}/stoa-tests/${randomUUID()}`;
  return {
    addressOf: (folder) => `${own}${folder}?endpoint=${endpoint}&region=${region}`,
    keys: {
      STOA_STORAGE_ACCESS_KEY_ID: required(variables.accessKeyId),
      STOA_STORAGE_SECRET_ACCESS_KEY: required(variables.secretAccessKey),
    },
  };
}
